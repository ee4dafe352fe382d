import { BaseLlm, LlmAgent, type LlmRequest, type LlmResponse } from "../../src/index.ts";

export type Generate = (request: LlmRequest, stream: boolean, signal?: AbortSignal) => unknown;

/** A model that does what no model should. */
class BadLlm extends BaseLlm {
  readonly #generate: Generate;
  constructor(generate: Generate) {
    super({ model: "bad" });
    this.#generate = generate;
  }
  override generateContentAsync(
    request: LlmRequest,
    stream: boolean = false,
    signal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    return this.#generate(request, stream, signal) as AsyncGenerator<LlmResponse, void, undefined>;
  }
}

export function agentWith(generate: Generate, modelTimeoutMs?: number): LlmAgent {
  return new LlmAgent({ name: "root", model: new BadLlm(generate), modelTimeoutMs });
}

export function partial(text: string): LlmResponse {
  return { content: { role: "model", parts: [{ text }] }, partial: true };
}

export const cause: Error = new Error("no quota");

/** What the model does, and a word of the message. */
const FAILING: readonly [what: string, generate: Generate, says: string][] = [
  [
    "throws at once",
    () => {
      throw cause;
    },
    "no quota",
  ],
  [
    "throws at its first step",
    // oxlint-disable-next-line require-yield
    async function* () {
      throw cause;
    },
    "no quota",
  ],
  [
    "throws a text",
    // oxlint-disable-next-line require-yield
    async function* () {
      // oxlint-disable-next-line only-throw-error
      throw "out";
    },
    "out",
  ],
  [
    "throws nothing",
    // oxlint-disable-next-line require-yield
    async function* () {
      // oxlint-disable-next-line only-throw-error
      throw undefined;
    },
    "undefined",
  ],
  [
    "throws in mid-stream",
    async function* () {
      yield partial("Hel");
      throw cause;
    },
    "no quota",
  ],
  ["returns nothing", () => undefined, "returned undefined"],
  ["returns null", () => null, "returned null"],
  ["returns a promise", async () => ({}), "a Promise"],
  [
    "returns a response",
    () => ({ content: { parts: [{ text: "hi" }] } }),
    "must be an async generator",
  ],
  ["returns a list", () => [{ content: { parts: [{ text: "hi" }] } }], "a list of 1"],
  ...[null, undefined, "hi", 5, true, [partial("x")]].map((value): [string, Generate, string] => [
    `yields ${JSON.stringify(value)?.slice(0, 20)}`,
    async function* () {
      yield value;
    },
    "instead of an LlmResponse",
  ]),
  ...Object.entries({
    "a text as content": { content: "hi" },
    "a list as content": { content: [{ text: "hi" }] },
    "a text as parts": { content: { parts: "hi" } },
    "null as a part": { content: { parts: [null] } },
    "a text as a part": { content: { parts: ["hi"] } },
    "a text as a call": { content: { parts: [{ functionCall: "f" }] } },
    "a call whose name is a number": { content: { parts: [{ functionCall: { name: 5 } }] } },
    "a call whose arguments are a text": {
      content: { parts: [{ functionCall: { name: "f", args: "x" } }] },
    },
    "a number as text": { content: { parts: [{ text: 5 }] } },
  }).map(([what, value]): [string, Generate, string] => [
    `yields ${what}`,
    async function* () {
      yield value;
    },
    "instead of an LlmResponse",
  ]),
];

/** Models that fail, and what the error must say. */
export const failingModels: readonly {
  readonly title: string;
  readonly generate: Generate;
  readonly says: string;
}[] = FAILING.map(([what, generate, says]) => ({ title: `a model that ${what}`, generate, says }));
