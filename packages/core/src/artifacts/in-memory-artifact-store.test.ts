import { describe, expect, it } from "vitest";
import { bytesSource } from "./byte-source.ts";
import { collectBytes } from "./collect-bytes.ts";
import { InMemoryArtifactStore } from "./in-memory-artifact-store.ts";
import type { SaveCommand } from "./artifact-store.ts";

const key = { appName: "app", userId: "user", sessionId: "s", filename: "a" };

async function command(text: string, writeId: string): Promise<SaveCommand> {
  const body = await bytesSource(new TextEncoder().encode(text));
  return { ...key, writeId, body, metadata: { kind: "text", mimeType: "text/plain" } };
}

describe("InMemoryArtifactStore", () => {
  it("completes the metadata with size and checksum", async () => {
    const store = new InMemoryArtifactStore();
    const save = await command("abc", "w");
    const { metadata } = await store.save(save);
    expect(metadata).toEqual({
      kind: "text",
      mimeType: "text/plain",
      size: 3,
      sha256: save.body.sha256,
    });
  });

  it("finds a repeated save again, also behind newer ones", async () => {
    const store = new InMemoryArtifactStore();
    await store.save(await command("first", "w1"));
    await store.save(await command("second", "w2"));
    expect((await store.save(await command("first", "w1"))).version).toBe(0);
    expect(await store.versions(key)).toHaveLength(2);
  });

  it("gives the record alone for an empty range", async () => {
    const store = new InMemoryArtifactStore();
    await store.save(await command("abc", "w"));
    const opened = await store.open({ ...key, range: { start: 0, end: 0 } });
    expect(opened?.metadata.size).toBe(3);
    expect(opened && (await collectBytes(opened.body))).toHaveLength(0);
  });

  it("leaves nothing behind where only was asked", async () => {
    const store = new InMemoryArtifactStore();
    expect(await store.open(key)).toBeUndefined();
    expect(await store.list({ appName: "app", userId: "user" })).toEqual([]);
    await store.erase(key);
    await store.erase({ appName: "app", userId: "user", everything: true });
  });

  it("copies all or nothing", async () => {
    const store = new InMemoryArtifactStore();
    await store.save(await command("a", "w1"));
    await store.save({ ...(await command("b", "w2")), filename: "b" });
    await store.save({ ...(await command("other", "w3")), sessionId: "t", filename: "b" });
    const copy = { appName: "app", userId: "user", from: "s", to: "t" };
    const versions = [
      { filename: "a", version: 0 },
      { filename: "b", version: 0 },
    ];
    await expect(store.copy({ ...copy, versions })).rejects.toMatchObject({
      code: "ARTIFACT_CONFLICT",
    });
    expect(await store.list({ appName: "app", userId: "user", sessionId: "t" })).toEqual(["b"]);
  });

  it("stops a reader whose signal fires", async () => {
    const store = new InMemoryArtifactStore();
    await store.save(await command("x".repeat(200_000), "w"));
    const controller = new AbortController();
    const opened = await store.open(key, controller.signal);
    const read = async (): Promise<void> => {
      for await (const _chunk of opened?.body ?? []) controller.abort("enough");
    };
    await expect(read()).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
  });
});
