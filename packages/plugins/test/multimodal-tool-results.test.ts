import { type Content, LlmAgent, type Part } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import {
  MultimodalToolResultsPlugin,
  type MultimodalToolResultsPluginOptions,
} from "../src/multimodal-tool-results/index.ts";
import { returnedParts } from "../src/multimodal-tool-results/returned-parts.ts";
import { calls, KEY, SSE, STORES, tool, world, type World } from "./support/world.ts";

const IMAGE: Part = { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } };
const MAP: Part = { fileData: { mimeType: "image/jpeg", fileUri: "gs://maps/rome.jpg" } };

/** A model that takes a picture, asks for the time, and speaks; what it was asked. */
async function requests(
  w: World,
  options: MultimodalToolResultsPluginOptions,
  leaveBehind?: number,
): Promise<readonly (readonly Content[])[]> {
  const model = new ScriptedLlm({
    turns: [calls(["snap", "call/1"], ["now", "c2"]), calls(["now", "c3"]), "done"],
  });
  const tools = [tool("snap", () => [{ text: "two:" }, IMAGE, MAP]), tool("now", () => "noon")];
  const root = new LlmAgent({ name: "root", model, tools });
  const process = () => w.process({ root, plugins: [new MultimodalToolResultsPlugin(options)] });
  if (leaveBehind === undefined) await (await process()).say("hi", { invocationId: "e-1", ...SSE });
  else {
    await (await process()).sayAndLeave("hi", leaveBehind, { invocationId: "e-1", ...SSE });
    await (await process()).say(undefined, { invocationId: "e-1", ...SSE });
  }
  model.assertConsumed();
  return model.requests.map(({ contents }) => contents);
}

describe.each(STORES)("MultimodalToolResultsPlugin on %s", (store) => {
  describe.each(["response", "artifacts"] as const)("with storage: %s", (storage) => {
    it("gives the model the parts in the next request, behind the responses", async () => {
      await using w = await world(store);
      const [, second, third] = await requests(w, { storage });
      const parts = second?.at(-1)?.parts ?? [];
      expect(parts.map((part) => part.functionResponse?.id ?? part)).toEqual([
        "call/1",
        "c2",
        { text: "two:" },
        IMAGE,
        MAP,
      ]);
      expect(parts[0]?.functionResponse?.response).toEqual({
        result: "The tool returned 3 parts, which follow.",
      });
      const later = third?.find(
        ({ parts: [part] = [] }) => part?.functionResponse?.id === "call/1",
      );
      expect(later?.parts).toHaveLength(2);
      const stored = JSON.stringify(await w.log());
      expect(stored.includes(IMAGE.inlineData?.data as string)).toBe(storage === "response");
      expect(await w.artifacts.listArtifactKeys(KEY)).toEqual(
        storage === "artifacts" ? ["call_1_snap_1"] : [],
      );
    });

    it.each([1, 2, 3, 4])("asks the same when the run was left behind event %i", async (events) => {
      await using uncut = await world(store);
      await using cut = await world(store);
      expect(await requests(cut, { storage }, events)).toEqual(await requests(uncut, { storage }));
    });
  });
});

describe("MultimodalToolResultsPlugin", () => {
  it("keeps the parts in later requests when told to", async () => {
    await using w = await world();
    const [, second, third] = await requests(w, { keepInHistory: true });
    expect(third?.slice(0, second?.length)).toEqual(second);
    expect(second?.at(-1)?.parts).toContainEqual(IMAGE);
  });

  it("shows them to one request only, also when no other tool is called later", async () => {
    const model = new ScriptedLlm({ turns: [calls(["snap", "c1"]), "a fountain", "bye"] });
    const root = new LlmAgent({ name: "root", model, tools: [tool("snap", () => IMAGE)] });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new MultimodalToolResultsPlugin()] });
    await say("look");
    await say("thanks");
    const hasImage = model.requests.map(({ contents }) =>
      contents.some(({ parts = [] }) => parts.some(({ inlineData }) => inlineData)),
    );
    expect(hasImage).toEqual([false, true, false]);
    const [response] = model.requests[2]?.contents[2]?.parts ?? [];
    expect(response?.functionResponse?.response?.["result"]).toMatch(
      /1 part, which stood in an earlier/,
    );
  });

  it("says that an artifact is gone, and reads each once a run", async () => {
    await using w = await world();
    let loads = 0;
    const load = w.artifacts.loadArtifact.bind(w.artifacts);
    w.artifacts.loadArtifact = async (request) => (loads++, await load(request));
    const options = { storage: "artifacts", keepInHistory: true } as const;
    await requests(w, options);
    expect(loads).toBe(1);
    await w.artifacts.deleteArtifact({ ...KEY, filename: "call_1_snap_1" });
    const model = new ScriptedLlm({ turns: ["and?"] });
    const root = new LlmAgent({ name: "root", model });
    const { say } = await w.process({ root, plugins: [new MultimodalToolResultsPlugin(options)] });
    await say("again");
    expect(model.requests[0]?.contents.flatMap(({ parts }) => parts ?? [])).toContainEqual({
      text: "[Artifact call_1_snap_1, version 0, is gone.]",
    });
  });

  it("fails the run where artifacts are wanted and the runner has no service", async () => {
    const model = new ScriptedLlm({ turns: [calls(["snap", "c1"])] });
    const root = new LlmAgent({ name: "root", model, tools: [tool("snap", () => IMAGE)] });
    await using w = await world();
    const plugins = [new MultimodalToolResultsPlugin({ storage: "artifacts" })];
    const { say } = await w.process({ root, plugins, artifactService: undefined });
    await expect(say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      cause: { code: "FAILED_PRECONDITION" },
    });
  });

  it.each<[string, unknown, boolean]>([
    ["a file", IMAGE, true],
    ["a reference", MAP, true],
    ["a list with a file", [{ text: "see" }, IMAGE], true],
    ["a text part alone", { text: "plain" }, false],
    ["a list of texts", [{ text: "plain" }], false],
    ["a result that has more members", { ...IMAGE, status: "ok" }, false],
    ["a list with something else", [IMAGE, 7], false],
    ["an empty list", [], false],
    ["nothing", undefined, false],
  ])("tells %s from other results", (_what, result, isParts) => {
    expect(returnedParts(result) !== undefined).toBe(isParts);
  });
});
