import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { install, nodeOf, packCore, ROOT, run } from "./support/packed.ts";

/** One turn with a model written on the spot: what is left in the log, as `author: text`. */
const TURN = /* js */ `
class Parrot extends BaseLlm {
  async *generateContentAsync(request) {
    const last = request.contents.at(-1).parts.at(-1);
    yield { content: { role: "model", parts: [{ text: "You said: " + last.text }] } };
  }
}
async function turn() {
  const agent = new LlmAgent({ name: "parrot", model: new Parrot({ model: "parrot" }) });
  const runner = new InMemoryRunner({ appName: "packed", agent });
  const { id } = await runner.sessionService.createSession({ appName: "packed", userId: "u" });
  const newMessage = { role: "user", parts: [{ text: "hello" }] };
  for await (const event of runner.runAsync({ userId: "u", sessionId: id, newMessage })) void event;
  const session = await runner.sessionService.getSession({ appName: "packed", userId: "u", sessionId: id });
  return session.events.map(({ author, content }) => author + ": " + content.parts[0].text);
}
`;
const SAID = ["user: hello", "parrot: You said: hello"];

const ESM = /* js */ `
import { AdkError, BaseLlm, InMemoryRunner, LlmAgent } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
${TURN}
let genai = "found";
try { import.meta.resolve("@google/genai"); } catch (error) { genai = error.code; }
console.log(JSON.stringify({ genai, said: await turn(), scripted: typeof ScriptedLlm, error: typeof AdkError }));
`;

const CJS = /* js */ `
const { BaseLlm, InMemoryRunner, LlmAgent } = require("@adk/core");
const { ScriptedLlm } = require("@adk/core/testing");
${TURN}
turn().then((said) => console.log(JSON.stringify({ said, scripted: typeof ScriptedLlm })));
`;

const TYPED = /* ts */ `
import type { Content } from "@google/genai";
import { BaseLlm, FunctionTool, InMemoryRunner, LlmAgent } from "@adk/core";
import type { Event, LlmRequest, LlmResponse } from "@adk/core";
import { Gemini } from "@adk/core/models/gemini";
import { ScriptedLlm } from "@adk/core/testing";

class Parrot extends BaseLlm {
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void, undefined> {
    const content: Content | undefined = request.contents.at(-1);
    yield content === undefined ? {} : { content };
  }
}
const agent = new LlmAgent({ name: "parrot", model: new Parrot({ model: "parrot" }) });
const runner = new InMemoryRunner({ appName: "typed", agent });
export async function* turn(): AsyncGenerator<Event, void, undefined> {
  yield* runner.runAsync({ userId: "u", sessionId: "s", newMessage: { role: "user", parts: [{ text: "hi" }] } });
}
export const doors: readonly unknown[] = [FunctionTool, Gemini, ScriptedLlm];

// @ts-expect-error an agent has a name: the types are there, and no any
new LlmAgent({ model: "gemini-2.5-flash" });
// @ts-expect-error and a run has a session
runner.runAsync({ userId: "u" });
`;

// The tarball, in folders that have never seen this repository.
describe("the packed core", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "adk-packed-"));
  const bare = join(folder, "bare");
  const full = join(folder, "full");
  let nodes: Record<string, string>;

  beforeAll(async () => {
    const [tarball, oldest] = await Promise.all([packCore(folder), nodeOf("22.18.0")]);
    nodes = { "22.18.0": oldest, "24": process.execPath };
    await install(bare, ["--omit=peer", tarball]);
    await install(full, [tarball, "@google/genai@3.1.0"]);
    for (const consumer of [bare, full]) {
      writeFileSync(join(consumer, "esm.mjs"), ESM);
      writeFileSync(join(consumer, "cjs.cjs"), CJS);
    }
    writeFileSync(join(full, "typed.ts"), TYPED);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("brings nothing along", () => {
    expect(readdirSync(join(bare, "node_modules")).filter((name) => name[0] !== ".")).toEqual([
      "@adk",
    ]);
    expect(readdirSync(join(bare, "node_modules/@adk/core")).toSorted()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "package.json",
      "src",
    ]);
    const files = readdirSync(join(bare, "node_modules/@adk/core"), { recursive: true }).map(
      String,
    );
    expect(files.filter((file) => /\.test\.|fixtures|tsconfig/.test(file))).toEqual([]);
  });

  it.each(["22.18.0", "24"])("runs a turn without the peer on Node %s", async (version) => {
    const node = nodes[version]!;
    expect(await run(node, ["--version"], bare)).toMatch(new RegExp(`^v${version}`));
    expect(JSON.parse(await run(node, ["esm.mjs"], bare))).toEqual({
      genai: "ERR_MODULE_NOT_FOUND",
      said: SAID,
      scripted: "function",
      error: "function",
    });
    expect(JSON.parse(await run(node, ["cjs.cjs"], bare))).toEqual({
      said: SAID,
      scripted: "function",
    });
  });

  it.each(["22.18.0", "24"])("runs a turn beside the peer on Node %s", async (version) => {
    const esm = JSON.parse(await run(nodes[version]!, ["esm.mjs"], full)) as object;
    expect(esm).toMatchObject({ genai: "found", said: SAID });
    const cjs = JSON.parse(await run(nodes[version]!, ["cjs.cjs"], full)) as object;
    expect(cjs).toMatchObject({ said: SAID });
  });

  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("is typed under module %s, resolution %s", async (module, moduleResolution) => {
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2024",
      strict: true,
      noEmit: true,
      types: [],
      skipLibCheck: false,
      lib: ["es2024", "dom", "dom.asynciterable", "esnext.disposable"],
    };
    const project = join(full, `tsconfig.${moduleResolution}.json`);
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ["typed.ts"] }));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const output = await run(process.execPath, [tsc, "-p", project, "--pretty", "false"], full);
    expect(output).toBe("");
  });
});
