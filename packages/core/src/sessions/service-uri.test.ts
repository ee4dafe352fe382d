import { describe, expect, it } from "vitest";
import { InMemorySessionService } from "./in-memory-session-service.ts";
import { createSessionService, registerSessionService } from "./service-uri.ts";

describe("createSessionService", () => {
  it.each(["memory:", "memory://", "MEMORY:"])("makes a service for %s", async (uri) => {
    await using service = await createSessionService(uri);
    expect(service).toBeInstanceOf(InMemorySessionService);
  });

  // Through `load`: their packages may be there.
  it.each([
    ["postgres://u:secret@host/db", "npm install @adk/sessions-postgres pg"],
    ["postgresql://host/db", "npm install @adk/sessions-postgres pg"],
    ["redis://:secret@host/0", "npm install @adk/sessions-redis ioredis"],
    ["rediss://host", "npm install @adk/sessions-redis ioredis"],
    ["sqlite:///tmp/a.db", "npm install @adk/sessions-sqlite"],
  ])("names what %s needs when its package fails, and no secret", async (uri, install) => {
    const load = async (): Promise<object> => await Promise.reject(new Error("no pg"));
    const error = await createSessionService(uri, { load }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "MISCONFIGURED" });
    expect((error as Error).message).toContain(install);
    expect((error as Error).message).not.toContain("secret");
  });

  it("loads an adapter through `load`", async () => {
    const made = new InMemorySessionService();
    const seen: string[] = [];
    const load = async (): Promise<object> => ({
      sessionServiceFromUri: async (uri: string) => {
        seen.push(uri);
        return made;
      },
    });
    expect(await createSessionService("redis://host/1", { load })).toBe(made);
    expect(seen).toEqual(["redis://host/1"]);
    await expect(
      createSessionService("redis://host/1", { load: async () => ({}) }),
    ).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringMatching(
        /`sessionServiceFromUri`. Update it: `npm install @adk\/sessions-redis@latest`/,
      ),
    });
  });

  it("learns other schemes", async () => {
    const made = new InMemorySessionService();
    registerSessionService("test-only", () => made);
    expect(await createSessionService("test-only:x")).toBe(made);
    expect(() => registerSessionService("Bad:", () => made)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each(["", "nothing", "mysql://u:secret@host"])("lists what it knows for %j", async (uri) => {
    const error = await createSessionService(uri).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((error as Error).message).toContain("memory:, sqlite:, postgres:");
    expect((error as Error).message).not.toContain("secret");
  });

  it.each([
    ["valkey://:secret@host", "for valkey:. Use `redis://`. Known:"],
    ["valkeys://host", "Use `rediss://`."],
    ["postgressql://host", "Did you mean `postgresql:`?"],
    ["redi://host", "Did you mean `redis:`?"],
    ["mongodb://host", "for mongodb:. Known:"],
  ])("says of %s what was meant", async (uri, words) => {
    await expect(createSessionService(uri)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(words) as string,
    });
  });

  it("drops no option silently", async () => {
    const given = createSessionService("memory:", { ttlMs: 5 } as never);
    await expect(given).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        "createSessionService has no option `ttlMs`. It knows: from, load. Options of the service itself go into the URI, or to the adapter's class: `connect` of its package.",
    });
  });
});
