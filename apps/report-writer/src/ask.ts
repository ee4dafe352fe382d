import { type Runner, stringifyContent } from "@adk/core";

/** Whose session it is. */
export const ADA = { userId: "ada", sessionId: "year" } as const;

/** What came of a question. */
export interface Answered {
  readonly words: string;
  /** Versions by the names of the files that the log says were saved. */
  readonly saved: Readonly<Record<string, number>>;
}

/** A run to its end. */
export async function ask(runner: Runner, text: string): Promise<Answered> {
  const newMessage = { role: "user", parts: [{ text }] };
  const events = await runner.run({ ...ADA, newMessage });
  const saved = events.map(({ actions }) => actions.artifactDelta);
  const last = events.at(-1);
  return { words: last ? stringifyContent(last) : "", saved: Object.assign({}, ...saved) };
}
