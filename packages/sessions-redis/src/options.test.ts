import { AdkError, createSessionService } from "@adk/core";
import { Cluster, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { RedisSessionService, RedisSessionStore, type RedisSessionStoreOptions } from "./index.ts";
import { decodePosition, encodePosition } from "./page-token.ts";
import { eventRange } from "./snapshots.ts";

/** Never connects. */
function client(options: object = {}): Redis {
  return new Redis({ lazyConnect: true, ...options });
}

function cluster(options: object): Cluster {
  return new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true, ...options });
}

const at = client();

describe("options", () => {
  it.each([
    [{}, /client/],
    [{ client: {} }, /`client` must be a Redis or a Cluster/],
    [{ client: at, prefix: "x" }, /no option `prefix`/],
    [{ client: at, keyPrefix: "" }, /keyPrefix/],
    [{ client: at, keyPrefix: "a{b}" }, /keyPrefix/],
    [{ client: at, keyPrefix: "\uD800" }, /keyPrefix/],
    [{ client: at, tag: "session" }, /"user", "app"/],
    [{ client: at, ttlMs: 0 }, /ttlMs/],
    [{ client: at, timeoutMs: 2 ** 31 }, /timeoutMs/],
    [{ client: at, durability: { replicas: -1 } }, /durability/],
    [{ client: at, durability: { fsync: true } }, /`durability` must be .*, and has no `fsync`/],
    [{ client: at, durability: { replica: 1 } }, /, and has no `replica`/],
    [{ client: at, durability: [] }, /durability/],
    [{ client: at, notifications: "on" }, /"auto", "off"/],
    [{ client: at, subscriber: {} }, /subscriber/],
    [{ client: at, pollMs: 0.5 }, /pollMs/],
  ])("%j is INVALID_ARGUMENT", (options, words) => {
    const make = (): unknown =>
      new RedisSessionStore(options as unknown as RedisSessionStoreOptions);
    expect(make).toThrow(words);
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it.each([
    ["a prefix of its own", client({ keyPrefix: "a:" }), /keyPrefix/],
    ["a prefix in a cluster", cluster({ redisOptions: { keyPrefix: "a:" } }), /keyPrefix/],
    ["reads from replicas", cluster({ scaleReads: "slave" }), /scaleReads/],
    ["reads from all", cluster({ scaleReads: "all" }), /scaleReads/],
    [
      "replicas behind sentinels",
      client({ sentinels: [{ host: "127.0.0.1", port: 1 }], name: "x", role: "slave" }),
      /master/,
    ],
    ["a read-only connection", client({ readOnly: true }), /master/],
  ])("a client with %s is MISCONFIGURED", (_what, wrong, words) => {
    const make = (): unknown => new RedisSessionStore({ client: wrong });
    expect(make).toThrow(words);
    expect(make).toThrow(expect.objectContaining({ code: "MISCONFIGURED" }));
  });

  it("a cluster says that `app:` state is not in the same step, unless an app is on one shard", () => {
    const of = (tag: "user" | "app"): boolean =>
      new RedisSessionStore({ client: cluster({}), tag }).capabilities.atomicAppState;
    expect([of("user"), of("app")]).toEqual([false, true]);
    expect(new RedisSessionStore({ client: at }).capabilities.atomicAppState).toBe(true);
  });

  it.each([
    ["http://host", {}, /redis:/],
    ["nonsense", {}, /redis:/],
    ["redis://host/name", {}, /database's number/],
    ["redis://ada:100%@host", {}, /percent-encoded/],
    ["redis://%E0%A4%A@host", {}, /percent-encoded/],
    ["redis://ada:pa#ss@host", {}, /percent-encoded: `#` is `%23`/],
    ["redis://ada:12#3@host", {}, /percent-encoded: `#` is `%23`/],
    ["redis://host?keyprefix=a", {}, /no option `keyprefix`. Did you mean `keyPrefix`\?/],
    ["redis://host?prefix=a", {}, /no option `prefix`/],
    ["redis://host?ttlMs=soon", {}, /ttlMs/],
    ["redis://host?cluster=maybe", {}, /cluster/],
    ["redis://host/2?cluster=true", {}, /databases/],
    ["redis://host?cluster=true&sentinel=a", {}, /sentinel/],
    ["redis://host", { client: at }, /no option `client`/],
    ["redis://host", { nodes: [{ host: "a" }] }, /nodes/],
    ["redis://host", { password: 5 }, /password/],
    ["redis://host", { tls: true }, /tls/],
  ])("connect(%j, %o) is INVALID_ARGUMENT", async (url, options, words) => {
    const connecting = RedisSessionService.connect(url, options as object);
    const error: unknown = await connecting.catch((thrown: unknown) => thrown);
    expect(AdkError.isInstance(error, "INVALID_ARGUMENT")).toBe(true);
    expect(String(error)).toMatch(words);
  });

  it("a URL is no option: what takes one is named, and no password is repeated", () => {
    const url = "redis://:hunter2@db";
    expect(() => new RedisSessionService(url as never)).toThrow(
      /`await RedisSessionService.connect\(url\)`, or `await createSessionService\(url\)`/,
    );
    expect(() => new RedisSessionStore(url as never)).toThrow(/got a URL \(redis:\)\.$/);
  });

  it("the service is found by its URI, and sends nothing before its first command", async () => {
    for (const scheme of ["redis", "rediss"]) {
      const load = async (): Promise<object> => await import("./index.ts");
      await using service = await createSessionService(`${scheme}://127.0.0.1:1`, { load });
      expect(service).toBeInstanceOf(RedisSessionService);
    }
  });

  it("a list's token is of its order", () => {
    const position = { lastUpdateTime: 5, serial: 1_790_000_000_000_001 };
    const token = encodePosition("lastUpdateTime", position);
    expect(decodePosition("lastUpdateTime", token)).toEqual(position);
    expect(() => decodePosition("createTime", token)).toThrow(/pageToken/);
    for (const wrong of ["", "abc", Buffer.from('["r1","createTime",0]').toString("base64url")])
      expect(() => decodePosition("createTime", wrong)).toThrow(/pageToken/);
  });

  it.each([
    [1, {}, { start: 0, stop: -1 }],
    [3, { limit: 2 }, { start: 2, stop: 3 }],
    [3, { to: 3, limit: 2 }, { start: 2, stop: 2 }],
    [3, { to: 9 }, { start: 2, stop: 8 }],
    [1, { to: 0 }, undefined],
    [1, { limit: 0 }, undefined],
    [1, { limit: 2, descending: true }, { start: -2, stop: -1 }],
    [1, { to: 5, limit: 2, descending: true }, { start: 3, stop: 4 }],
    [5, { to: 5, limit: 9, descending: true }, { start: 4, stop: 4 }],
  ])("events from %i, %o, are a range of the list", (from, events, range) => {
    expect(eventRange(from, events)).toEqual(range);
  });
});
