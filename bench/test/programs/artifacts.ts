// Artifacts: saved by a tool, versions, names of a user, an instruction that quotes one, a message whose files are kept.
import {
  BaseLlm,
  FunctionTool,
  InMemoryArtifactService,
  InMemorySessionService,
  LOAD_ARTIFACTS,
  LlmAgent,
  Runner,
  stringifyContent,
} from "@google/adk";
import type { Context, LlmRequest, LlmResponse } from "@google/adk";
import type { Part } from "@google/genai";
import { z } from "zod";

class Scripted extends BaseLlm {
  readonly answers: Part[][];
  constructor(...answers: Part[][]) {
    super({ model: "scripted" });
    this.answers = answers;
  }
  override async *generateContentAsync(request: LlmRequest): AsyncGenerator<LlmResponse, void> {
    const parts = request.contents.at(-1)?.parts ?? [];
    // How a kept file is announced to the model is the engine's wording; that its name is told is not.
    const told = parts.map((part) =>
      part.text?.includes("hello.txt") ? "(hello.txt)" : (part.text ?? Object.keys(part).join()),
    );
    console.log(`  last content: ${told.join(" ")}`);
    yield { content: { role: "model", parts: this.answers.shift() ?? [{ text: "ok" }] } };
  }
  async connect(): Promise<never> {
    throw new Error("not live");
  }
}

const write = new FunctionTool({
  name: "write",
  description: "Writes a file.",
  parameters: z.object({ name: z.string(), text: z.string() }),
  execute: async ({ name, text }, context?: Context) => {
    const version = await context!.saveArtifact(name, { text });
    const first = await context!.loadArtifact(name, 0);
    const latest = await context!.loadArtifact(name);
    return {
      version,
      first: first?.text,
      latest: latest?.text,
      missing: (await context!.loadArtifact("no such file")) === undefined,
      names: (await context!.listArtifacts()).toSorted(),
    };
  },
});

const call = (name: string, text: string): Part[] => [
  { functionCall: { name: "write", args: { name, text } } },
];
const sessionService = new InMemorySessionService();
const artifactService = new InMemoryArtifactService();
const runner = new Runner({
  appName: "files",
  agent: new LlmAgent({
    name: "writer",
    model: new Scripted(
      call("a.txt", "one"),
      call("a.txt", "two"),
      call("user:me.txt", "Ann"),
      [{ functionCall: { name: "load_artifacts", args: { artifact_names: ["a.txt"] } } }],
      [{ text: "All read." }],
      [{ text: "Thanks for the file." }],
    ),
    tools: [write, LOAD_ARTIFACTS],
  }),
  sessionService,
  artifactService,
});

const key = { appName: "files", userId: "ann", sessionId: "s" };
await sessionService.createSession(key);
const file = { inlineData: { data: "aGVsbG8=", mimeType: "text/plain", displayName: "hello.txt" } };
for (const parts of [[{ text: "write" }], [file]]) {
  for await (const event of runner.runAsync({
    userId: "ann",
    sessionId: "s",
    newMessage: { role: "user", parts },
    runConfig: { saveInputBlobsAsArtifacts: true },
  })) {
    const response = event.content?.parts?.[0]?.functionResponse?.response;
    const delta = JSON.stringify(event.actions.artifactDelta);
    console.log(
      `${event.author}: ${stringifyContent(event)}${response ? JSON.stringify(response) : ""} ${delta}`,
    );
  }
}

console.log((await artifactService.listArtifactKeys(key)).toSorted().join(" "));
console.log(
  "versions",
  (await artifactService.listVersions({ ...key, filename: "a.txt" })).join(" "),
);
const saved = await artifactService.loadArtifact({ ...key, filename: "hello.txt" });
console.log("kept", JSON.stringify(saved?.inlineData?.data), saved?.inlineData?.mimeType);
console.log(
  "from another session",
  (await artifactService.listArtifactKeys({ ...key, sessionId: "t" })).join(" "),
);
await artifactService.deleteArtifact({ ...key, filename: "a.txt" });
console.log("deleted", await artifactService.loadArtifact({ ...key, filename: "a.txt" }));
