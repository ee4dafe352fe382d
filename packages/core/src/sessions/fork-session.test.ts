import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { InMemorySessionService } from "./in-memory-session-service.ts";

const key = { appName: "app", userId: "user", sessionId: "s" };

async function setUp(): Promise<InMemorySessionService> {
  const service = new InMemorySessionService();
  const session = await service.createSession({
    ...key,
    state: { born: 1, "user:tone": "dry" },
    title: "t",
    labels: { a: "b" },
  });
  const steps = [
    createEvent({ author: "user", actions: { stateDelta: { n: 1, "user:u": 1 } } }),
    createEvent({
      author: "clerk",
      content: { parts: [{ functionCall: { id: "c", name: "ask" } }] },
      longRunningToolIds: ["c"],
      actions: { stateDelta: { n: 2 } },
      stateRemoved: ["born"],
    }),
    createEvent({ author: "user", actions: { stateDelta: { n: 3, "user:u": 3 } } }),
  ];
  for (const event of steps) await service.appendEvent({ session, event });
  return service;
}

describe("forkSession", () => {
  it("has the state and the waiting calls of its last event, and shared state as it is now", async () => {
    const service = await setUp();
    const fork = await service.forkSession({ ...key, atSequence: 2, newSessionId: "f" });
    expect(fork.state).toEqual({ n: 2, "user:tone": "dry", "user:u": 3 });
    expect(fork.events.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(fork).toMatchObject({
      id: "f",
      title: "t",
      labels: { a: "b" },
      lastSequence: 2,
      forkedFrom: { sessionId: "s", sequence: 2 },
    });
    expect(Object.keys(fork.pendingCalls)).toEqual(["c"]);
    const listed = (await service.listSessions({ appName: "app", pending: true })).sessions;
    expect(listed.map(({ id }) => id)).toEqual(["f"]);
  });

  it("goes its own way", async () => {
    const service = await setUp();
    const fork = await service.forkSession({ ...key, atSequence: 3, title: "other", labels: {} });
    await service.appendEvent({
      session: fork,
      event: createEvent({ actions: { stateDelta: { n: "fork" } } }),
    });
    const source = await service.getSession({ ...key, config: { includeInitialState: true } });
    expect(source).toMatchObject({
      lastSequence: 3,
      title: "t",
      state: { n: 3 },
      initialState: { born: 1 },
    });
    const again = await service.forkSession({ ...key, sessionId: fork.id, atSequence: 0 });
    expect(again.state).toEqual({ born: 1, "user:tone": "dry", "user:u": 3 });
    expect(again.title).toBe("other");
    expect(again.labels).toBeUndefined();
  });

  it("refuses a source or a sequence that is not there, and an id that is taken", async () => {
    const service = await setUp();
    const codeOf = async (request: object): Promise<unknown> =>
      await service.forkSession({ ...key, atSequence: 1, ...request }).then(
        () => "ok",
        (error: { code: string }) => error.code,
      );
    expect(await codeOf({ sessionId: "x" })).toBe("SESSION_NOT_FOUND");
    expect(await codeOf({ atSequence: 4 })).toBe("INVALID_ARGUMENT");
    expect(await codeOf({ atSequence: -1 })).toBe("INVALID_ARGUMENT");
    expect(await codeOf({ atSequence: undefined })).toBe("INVALID_ARGUMENT");
    expect(await codeOf({ newSessionId: "s" })).toBe("SESSION_ALREADY_EXISTS");
  });
});
