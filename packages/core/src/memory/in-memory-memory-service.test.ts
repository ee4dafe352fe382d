import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import type { MemoryEntry } from "./base-memory-service.ts";
import { InMemoryMemoryService } from "./in-memory-memory-service.ts";

const user = { appName: "app", userId: "user" };

function said(id: string, ...texts: string[]): Event {
  return createEvent({
    id,
    author: "user",
    timestamp: 0,
    content: { role: "user", parts: texts.map((text) => ({ text })) },
  });
}

async function search(
  service: InMemoryMemoryService,
  query: string,
): Promise<(string | undefined)[]> {
  const { memories } = await service.searchMemory({ ...user, query });
  return memories.map(({ id }) => id);
}

describe("InMemoryMemoryService", () => {
  it("searches all text parts of an event and nothing else", async () => {
    const service = new InMemoryMemoryService();
    const call = { functionCall: { name: "tea", args: { tea: "tea" } } };
    const silent = createEvent({ id: "2", author: "a", content: { role: "model", parts: [call] } });
    await service.addEventsToMemory({ ...user, events: [said("1", "green", "tea"), silent] });
    expect(await search(service, "tea")).toEqual(["1"]);
    expect(await search(service, "green")).toEqual(["1"]);
  });

  it("keeps equals in the order in which they came", async () => {
    const service = new InMemoryMemoryService();
    const events = ["3", "1", "2"].map((id) => said(id, "tea tea tea"));
    await service.addEventsToMemory({ ...user, events });
    expect(await search(service, "tea")).toEqual(["3", "1", "2"]);
  });

  it("counts different words, not how often they occur", async () => {
    const service = new InMemoryMemoryService();
    const events = [said("1", "tea tea tea tea"), said("2", "green tea")];
    await service.addEventsToMemory({ ...user, events });
    expect(await search(service, "green green tea")).toEqual(["2", "1"]);
  });

  it("makes ids for entries that have none", async () => {
    let count = 0;
    const service = new InMemoryMemoryService({ newId: () => `m${count++}` });
    const memory: MemoryEntry = { content: { parts: [{ text: "tea" }] } };
    await service.addMemory({ ...user, memories: [memory, memory] });
    expect(await search(service, "tea")).toEqual(["m0", "m1"]);
  });

  it("joins the metadata of an entry and of the request", async () => {
    const service = new InMemoryMemoryService();
    await service.addMemory({
      ...user,
      memories: [{ content: { parts: [{ text: "tea" }] }, customMetadata: { a: 1, b: 1 } }],
      customMetadata: { b: 2 },
    });
    const { memories } = await service.searchMemory({ ...user, query: "tea" });
    expect(memories[0]?.customMetadata).toEqual({ a: 1, b: 2 });
  });

  it("takes all of a request or nothing", async () => {
    const service = new InMemoryMemoryService();
    const bad = { ...said("2", "tea"), timestamp: Number.NaN };
    await expect(
      service.addEventsToMemory({ ...user, events: [said("1", "tea"), bad] }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("events[1].timestamp") as string,
    });
    expect(await search(service, "tea")).toEqual([]);
  });

  it("refuses unknown options", () =>
    expect(() => new InMemoryMemoryService({ limit: 1 } as object)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    ));

  it("finds among 10,000 entries quickly enough for tests", async () => {
    const service = new InMemoryMemoryService();
    const events = Array.from({ length: 10_000 }, (_, index) =>
      said(`${index}`, `tea number ${index}`),
    );
    await service.addEventsToMemory({ ...user, events });
    expect((await search(service, "tea number 7777"))[0]).toBe("7777");
  });
});
