import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { InMemorySessionService } from "./in-memory-session-service.ts";

const user = { appName: "app", userId: "user" };

describe("InMemorySessionService", () => {
  it("keeps a session from its creation over an open turn to its deletion", async () => {
    await using service = new InMemorySessionService();
    const created = await service.createSession({
      ...user,
      state: { plain: 1, "user:name": "Ada", "app:tone": "dry", "temp:x": 0 },
    });
    const key = { ...user, sessionId: created.id };
    expect(created.state).toEqual({ plain: 1, "user:name": "Ada", "app:tone": "dry" });

    const { session, lease } = await service.openSession({ ...key, owner: "test", ttlMs: 15_000 });
    const stored = await service.appendEvent({
      session,
      lease,
      event: createEvent({
        invocationId: "e-1",
        author: "user",
        content: { role: "user", parts: [{ text: "hi" }] },
        actions: { stateDelta: { plain: null, "user:seen": { times: [1] }, "temp:here": true } },
        stateRemoved: ["app:tone"],
      }),
      header: { invocationId: "e-1" },
    });
    expect(stored.sequence).toBe(1);
    expect(lease.attempt).toBe(1);
    expect(stored.actions.stateDelta).toEqual({ plain: null, "user:seen": { times: [1] } });
    expect(session.state).toEqual({
      plain: null,
      "user:name": "Ada",
      "user:seen": { times: [1] },
      "temp:here": true,
    });
    await lease.release({ ended: "e-1" });

    const loaded = await service.getSession(key);
    expect(loaded?.events).toEqual([stored]);
    expect(loaded?.state).toEqual({ plain: null, "user:name": "Ada", "user:seen": { times: [1] } });
    expect(await service.getUserState(user)).toEqual({ name: "Ada", seen: { times: [1] } });
    expect((await service.listSessions(user)).sessions.map(({ id }) => id)).toEqual([created.id]);

    await service.deleteSession(key);
    expect(await service.getSession(key)).toBeUndefined();
    await expect(service.appendEvent({ session, event: createEvent() })).rejects.toMatchObject({
      code: "SESSION_GONE",
    });
  });

  it("refuses options it does not know", () => {
    expect(() => new InMemorySessionService({ ttl: 5 } as object)).toThrow(/no option `ttl`/);
    expect(() => new InMemorySessionService({ ttlMs: 0 })).toThrow(/ttlMs/);
  });
});
