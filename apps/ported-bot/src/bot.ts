// The bot of a library, as somebody wrote it for @google/adk: it looks books up, lends them, and hands over to a colleague.
import {
  BaseLlm,
  BasePlugin,
  type Context,
  FunctionTool,
  InMemoryRunner,
  LlmAgent,
  type LlmRequest,
  type LlmResponse,
  stringifyContent,
} from "@google/adk";
import type { Part } from "@google/genai";
import { z } from "zod";

/** Stands in for a language model: a few rules, so that no key is needed and each run says the same. */
class LibrarianLlm extends BaseLlm {
  constructor() {
    super({ model: "librarian" });
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    yield { content: { role: "model", parts: [answer(request)] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

function answer({ contents, toolsDict }: LlmRequest): Part {
  const part = contents.at(-1)?.parts?.at(-1);
  const { functionResponse, text = "" } = part ?? {};
  if (functionResponse?.name === "find_book")
    return {
      functionCall: { name: "lend", args: { title: functionResponse.response?.["title"] } },
    };
  if (functionResponse?.name === "lend")
    return { text: `You have it until ${String(functionResponse.response?.["until"])}.` };
  if (text.includes("borrow"))
    return { functionCall: { name: "find_book", args: { words: text } } };
  if (text.includes("fine") && "transfer_to_agent" in toolsDict)
    return { functionCall: { name: "transfer_to_agent", args: { agentName: "cashier" } } };
  return { text: "What would you like to read?" };
}

class CashierLlm extends LibrarianLlm {
  override async *generateContentAsync(): AsyncGenerator<LlmResponse, void> {
    yield { content: { role: "model", parts: [{ text: "Your fine is 2 euros." }] } };
  }
}

const findBook = new FunctionTool({
  name: "find_book",
  description: "Finds a book by words of its title.",
  parameters: z.object({ words: z.string() }),
  execute: ({ words }) => ({ title: words.includes("whale") ? "Moby-Dick" : "Middlemarch" }),
});

const lend = new FunctionTool({
  name: "lend",
  description: "Lends a book to the reader.",
  parameters: z.object({ title: z.string() }),
  execute: async ({ title }, context?: Context) => {
    const lent = context?.state.get<string[]>("user:lent") ?? [];
    context?.state.set("user:lent", [...lent, title]);
    await context?.saveArtifact("receipt.txt", { text: `Lent: ${title}` });
    return { until: "the first of May" };
  },
});

class Ledger extends BasePlugin {
  readonly lines: string[] = [];
  override async beforeToolCallback({ tool }: { tool: { name: string } }): Promise<undefined> {
    this.lines.push(tool.name);
  }
  override async afterRunCallback(): Promise<void> {
    this.lines.push("end");
  }
}

const cashier = new LlmAgent({
  name: "cashier",
  description: "Knows about fines.",
  model: new CashierLlm(),
});
const librarian = new LlmAgent({
  name: "librarian",
  model: new LibrarianLlm(),
  instruction: "You lend books. The reader has: {user:lent?}",
  tools: [findBook, lend],
  subAgents: [cashier],
  beforeModelCallback: ({ context }) => {
    context.state.set("temp:asked", true);
    return undefined;
  },
});

const ledger = new Ledger("ledger");
const runner = new InMemoryRunner({ agent: librarian, appName: "library", plugins: [ledger] });
const reader = { appName: "library", userId: "ishmael" };

async function visit(texts: string[]): Promise<string> {
  const { id } = await runner.sessionService.createSession(reader);
  for (const text of texts) {
    console.log(`> ${text}`);
    const newMessage = { role: "user", parts: [{ text }] };
    for await (const event of runner.runAsync({
      userId: reader.userId,
      sessionId: id,
      newMessage,
    })) {
      const calls = event.content?.parts?.flatMap(({ functionCall }) => functionCall?.name ?? []);
      const said = stringifyContent(event).trim();
      if (calls?.length) console.log(`  ${event.author} calls ${calls.join(", ")}`);
      else if (said !== "") console.log(`  ${event.author}: ${said}`);
    }
  }
  return id;
}

const first = await visit(["Hello", "May I borrow the one with the whale?"]);
await visit(["May I borrow another one?", "And what is my fine?"]);

const session = await runner.sessionService.getSession({ ...reader, sessionId: first });
console.log(`${session?.events.length} events, state ${JSON.stringify(session?.state)}`);
const receipt = await runner.artifactService?.loadArtifact({
  ...reader,
  sessionId: first,
  filename: "receipt.txt",
});
console.log(`receipt: ${receipt?.text}`);
console.log(`ledger: ${ledger.lines.join(" ")}`);
