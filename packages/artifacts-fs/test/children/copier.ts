/**
 * A process whose tool copies an artifact of so many bytes, and whose agent tool's tool copies the copy: `copier.ts ROOT BYTES`.
 * It prints the sizes of the two copies and the most memory that it ever had, in bytes.
 */
import { FileArtifactService } from "@adk/artifacts-fs";
import {
  AgentTool,
  type Context,
  FunctionTool,
  InMemorySessionService,
  LlmAgent,
  type LlmResponse,
  Runner,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { writeSync } from "node:fs";

const [root = "", bytes = "0"] = process.argv.slice(2);
const key = { appName: "app", userId: "user", sessionId: "session" };
const artifactService = new FileArtifactService(root);

async function* source(): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(1_048_576);
  for (let left = Number(bytes); left > 0; left -= piece.length) {
    piece.fill(left % 251);
    yield piece.subarray(0, Math.min(piece.length, left));
  }
}

const copy = new FunctionTool({
  name: "copy",
  description: "Copies a file.",
  async execute({ from, to }: { from: string; to: string }, context: Context) {
    await using opened = await context.openArtifact(from);
    if (!opened) return "There is none.";
    return await context.saveArtifactStream(to, opened.body, { mimeType: opened.mimeType });
  },
  parameters: {
    type: "object",
    properties: { from: { type: "string" }, to: { type: "string" } },
  },
});

function calling(name: string, args: Record<string, unknown>): LlmResponse {
  return { content: { role: "model", parts: [{ functionCall: { name, args } }] } };
}

const inner = new LlmAgent({
  name: "inner",
  model: new ScriptedLlm({ turns: [calling("copy", { from: "copy", to: "copy-2" }), "done"] }),
  tools: [copy],
});
const turns = [
  calling("copy", { from: "source", to: "copy" }),
  calling("inner", { request: "copy it" }),
  "done",
];
const agent = new LlmAgent({
  name: "outer",
  model: new ScriptedLlm({ turns }),
  tools: [copy, new AgentTool({ agent: inner })],
});
const sessionService = new InMemorySessionService();
await using runner = new Runner({
  appName: key.appName,
  agent,
  sessionService,
  artifactService,
});
await sessionService.createSession(key);
await artifactService.saveArtifactStream({ ...key, filename: "source", body: source() });
const { appName: _app, ...session } = key;
const newMessage = { role: "user", parts: [{ text: "copy" }] };
for await (const _event of runner.runAsync({ ...session, newMessage }));
for (const filename of ["copy", "copy-2"])
  writeSync(1, `${(await artifactService.getArtifactVersion({ ...key, filename }))?.size}\n`);
writeSync(1, `${process.resourceUsage().maxRSS * 1_024}\n`);
