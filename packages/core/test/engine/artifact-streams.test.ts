import { describe, expect, it } from "vitest";
import { AgentTool, type Context, InMemoryArtifactService } from "../../src/index.ts";
import { agent, calls, engine, KEY, latch, told, tool } from "./support.ts";

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

/** Copies a file without holding it. */
const copy = tool("copy", async (_args, context) => {
  await using source = await context.openArtifact("source");
  return await context.saveArtifactStream("copy", source?.body ?? pieces(), {
    mimeType: source?.mimeType,
    customMetadata: { copied: true },
  });
});

const SOURCE = {
  ...KEY,
  filename: "source",
  artifact: { inlineData: { data: "AAEC", mimeType: "image/png" } },
};

/** What a call of the tool was told when it failed. */
function errorOf(events: readonly { readonly content?: object | undefined }[]): string {
  return JSON.stringify(events[1]?.content);
}

describe("a tool that streams artifacts", () => {
  it("copies one; the version stands on its event", async () => {
    await using e = await engine({
      agent: agent("root", [calls(["copy"]), "ok"], { tools: [copy] }),
    });
    await e.artifacts.saveArtifact(SOURCE);
    const events = await e.say("hi");
    expect(events[1]?.actions.artifactDelta).toEqual({ copy: 0 });
    const request = { ...KEY, filename: "copy" };
    expect(await e.artifacts.loadArtifact(request)).toEqual(SOURCE.artifact);
    const record = await e.artifacts.getArtifactVersion(request);
    expect(record?.customMetadata).toEqual({ copied: true });
  });

  it("in an agent tool reads the caller's and writes to the caller's session and event", async () => {
    const inner = agent("child", [calls(["copy"]), "copied"], { tools: [copy] });
    const root = agent("root", [calls(["child", { request: "go" }]), "ok"], {
      tools: [new AgentTool({ agent: inner })],
    });
    await using e = await engine({ agent: root });
    await e.artifacts.saveArtifact(SOURCE);
    const events = await e.say("hi");
    expect(events[1]?.actions.artifactDelta).toEqual({ copy: 0 });
    expect(await e.artifacts.loadArtifact({ ...KEY, filename: "copy" })).toEqual(SOURCE.artifact);
  });

  it.each(["at the top", "in an agent tool"])(
    "that is cancelled %s stores nothing",
    async (where) => {
      const begun = latch<void>();
      let isClosed = false;
      const endless = tool("save", async (_args, context) => {
        const body = async function* (): AsyncGenerator<Uint8Array> {
          try {
            for (;;) {
              yield new Uint8Array(10);
              begun.open();
              await new Promise(setImmediate);
            }
          } finally {
            isClosed = true;
          }
        };
        return await context.saveArtifactStream("endless", body());
      });
      const saver = agent("saver", [calls(["save"]), "ok"], { tools: [endless] });
      const root = where.includes("agent tool")
        ? agent("root", [calls(["saver", { request: "go" }]), "ok"], {
            tools: [new AgentTool({ agent: saver })],
          })
        : saver;
      await using e = await engine({ agent: root });
      const controller = new AbortController();
      const run = e.say("hi", { abortSignal: controller.signal });
      await begun.promise;
      controller.abort();
      await run;
      expect(isClosed, "the producer was not told to stop").toBe(true);
      expect(await e.artifacts.listArtifactKeys(KEY)).toEqual([]);
    },
  );

  it("that stops a stream by a signal of its own goes on itself", async () => {
    const save = tool("save", async (_args, context) => {
      const own = new AbortController();
      const body = async function* (): AsyncGenerator<Uint8Array> {
        for (;;) {
          yield new Uint8Array(10);
          own.abort();
        }
      };
      const { signal } = own;
      return await context
        .saveArtifactStream("own", body(), { signal })
        .catch((error: { code: string }) => error.code);
    });
    await using e = await engine({
      agent: agent("root", [calls(["save"]), "ok"], { tools: [save] }),
    });
    expect(told(await e.say("hi"))[1]).toContain("ABORTED");
    expect(await e.artifacts.listArtifactKeys(KEY)).toEqual([]);
  });

  it("when its call is over is told that it is too late", async () => {
    let kept: Context | undefined;
    const keep = tool("keep", (_args, context) => {
      kept = context;
      return "kept";
    });
    await using e = await engine({
      agent: agent("root", [calls(["keep"]), "ok"], { tools: [keep] }),
    });
    await e.say("hi");
    await expect(kept?.saveArtifactStream("late", pieces("x"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    expect(await e.artifacts.listArtifactKeys(KEY)).toEqual([]);
  });

  it("on a service that has no streams reads UNSUPPORTED", async () => {
    const whole: object = Object.assign(new InMemoryArtifactService(), {
      openArtifact: undefined,
      saveArtifactStream: undefined,
    });
    await using e = await engine({
      agent: agent("root", [calls(["copy"]), "ok"], { tools: [copy] }),
      artifactService: whole as InMemoryArtifactService,
    });
    expect(errorOf(await e.say("hi"))).toContain("cannot stream");
  });

  it("follows references, and none out of its session", async () => {
    const read = tool("read", async (_args, context) => {
      await using opened = await context.openArtifact("user:link");
      return opened?.size;
    });
    const turns = [calls(["read"]), "ok", calls(["read"]), "ok"];
    await using e = await engine({ agent: agent("root", turns, { tools: [read] }) });
    const linkInto = async (sessionId: string): Promise<void> => {
      const fileUri = `artifact://apps/app/users/u/sessions/${sessionId}/artifacts/source/versions/0`;
      const artifact = { fileData: { fileUri } };
      await e.artifacts.saveArtifact({ ...SOURCE, sessionId });
      await e.artifacts.saveArtifact({ ...KEY, sessionId, filename: "user:link", artifact });
    };
    await linkInto("s");
    expect(told(await e.say("hi"))[1]).toContain('{"result":3}');
    await linkInto("another");
    expect(errorOf(await e.say("hi"))).toContain("leads out of its app, user or session");
  });
});
