import { AdkError } from "@adk/core";
import { parseArgs } from "node:util";

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly model: string | undefined;
  readonly user: string;
  readonly session: string;
}

export const HELP = `A chat with an agent that computes, tells the time, remembers, and keeps files.

npm start -- [flags]

  --model NAME    the model that answers:
                    gemini-…              with GEMINI_API_KEY, GOOGLE_API_KEY or GOOGLE_GENAI_API_KEY
                    http://…/v1#NAME      any OpenAI-compatible server (Ollama, llama.cpp, …)
                    rules                 none: a few rules that understand simple sentences
                  Without the flag: Gemini when there is a key, else the rules.
  --user ID       whose notes are kept          (default: me)
  --session ID    which conversation goes on    (default: main)
  --json          prints events, one JSON object a line, and nothing else
  --help          prints this

Type a message and Enter. Ctrl-C stops the answer, a second one leaves; so do Ctrl-D, exit and quit.
Conversations are kept in .adk/assistant.db, in the folder that this is started in.
Lines from a pipe are answered one by one:   echo "what is 6 * 7?" | npm start
`;

/** @throws {@link AdkError} `INVALID_ARGUMENT`: one sentence about what is wrong with the flags. */
export function readOptions(args: readonly string[]): Options {
  const { help, json, model, user, session } = parse(args);
  for (const [flag, value] of Object.entries({ model, user, session }))
    if (value?.trim() === "") throw invalid(`--${flag} is empty: give it a value, or leave it out`);
  return { help, json, model, user: user ?? "me", session: session ?? "main" };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        json: { type: "boolean", default: false },
        model: { type: "string" },
        user: { type: "string" },
        session: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    // Node's messages go on with advice about `--`, which is beside the point here.
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(
      /\.\s|\n/,
    );
    throw invalid(sentence.replace(/\.$/, ""));
  }
}

function invalid(what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${what}; --help lists the flags.`);
}
