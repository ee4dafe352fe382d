import { describe, expect, it } from "vitest";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { SessionStore } from "./session-store.ts";

const key = { appName: "a", userId: "u", sessionId: "s" };

describe("decorateStore", () => {
  it("passes on what is not overridden and calls what is", async () => {
    const inner = new InMemorySessionStore();
    const seen: string[] = [];
    const store = decorateStore(inner, {
      append: async (command) => {
        seen.push(command.id);
        return await inner.append(command);
      },
    });
    await store.create({ ...key, incarnation: "i", initialState: {} });
    const outcome = await store.append({
      ...key,
      incarnation: "i",
      id: "e",
      timestamp: 1,
      data: "d",
    });
    expect(outcome).toMatchObject({ status: "ok", sequence: 1 });
    expect(seen).toEqual(["e"]);
    expect((await store.read({ ...key, events: {} }))?.events).toHaveLength(1);
  });

  it("keeps absent commands absent, and says what the inner store can", () => {
    const bare: Partial<SessionStore> = decorateStore(new InMemorySessionStore(), {});
    for (const name of ["open", "watch", "purge", "flush"] as const) {
      expect(bare[name]).toBeTypeOf("function");
      delete bare[name];
    }
    const inner = { ...bare, capabilities: { atomicAppState: false } } as SessionStore;
    const store = decorateStore(inner, { open: async () => ({ status: "not-found" }) });
    expect(store.open).toBeUndefined();
    expect("watch" in store).toBe(false);
    expect(store.capabilities).toEqual({ atomicAppState: false });
  });
});
