import { EventEmitter } from "node:events";
import { AdkError, createSessionService } from "@adk/core";
import { describe, expect, it } from "vitest";
import { arrayLiteral, quoteIdentifier } from "./database.ts";
import { PostgresSessionService, PostgresSessionStore } from "./index.ts";
import { decodePosition, encodePosition } from "./page-token.ts";
import { readPayload } from "./wake-line.ts";

const client = {
  query: async () => ({ rows: [] }),
  connect: async () => await Promise.reject(new Error("nobody is asked to")),
};

describe("options", () => {
  it.each([
    [{}, /client/],
    [{ client: {} }, /`client` must be a client with `query`/],
    [{ client, shema: "x" }, /no option `shema`/],
    [{ client, ttlMs: 0 }, /ttlMs/],
    [{ client, migrations: "never" }, /"auto", "verify"/],
    [{ client, schema: "" }, /schema/],
    [{ client, schema: "pg_x" }, /schema/],
    [{ client, schema: "a$b" }, /schema/],
    [{ client, schema: "ä".repeat(32) }, /schema/],
  ])("%o is refused", (options, message) => {
    const make = (): unknown => new PostgresSessionStore(options as never);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error);
  });

  it("of the service are its store's and every service's", async () => {
    const url = "postgresql://nobody@127.0.0.1:1/none";
    expect(() => new PostgresSessionService({ client, maxEventByte: 1 } as never)).toThrow(
      "PostgresSessionService has no option `maxEventByte`. Did you mean `maxEventBytes`? It knows: client, clock, groupCommit, maxCachedEvents, maxEventBytes, maxQueued, maxTries, migrations, newId, notificationClient, notifications, pollMs, pooler, schema, timeoutMs, ttlMs.",
    );
    await expect(
      PostgresSessionService.connect(url, { maxConnection: 1 } as never),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        "PostgresSessionService.connect has no option `maxConnection`. Did you mean `maxConnections`? It knows: applicationName, clock, connectTimeoutMs, groupCommit, lockTimeoutMs, maxCachedEvents, maxConnections, maxEventBytes, maxQueued, maxTries, migrations, newId, notifications, password, pollMs, pooler, schema, ssl, statementTimeoutMs, timeoutMs, ttlMs.",
    });
    await expect(PostgresSessionService.connect(url, { client } as never)).rejects.toThrow(
      /no option `client`/,
    );
    for (const options of [undefined, null, []])
      expect(() => new PostgresSessionService(options as never)).toThrow(
        /PostgresSessionService takes an object/,
      );
    expect(() => new PostgresSessionService({ client, maxTries: 0 })).toThrow(/`maxTries` must be/);
    await expect(PostgresSessionService.connect(url, { maxConnections: 0 })).rejects.toThrow(
      /maxConnections/,
    );
    await expect(PostgresSessionService.connect("mysql://x")).rejects.toThrow(/PostgreSQL/);
    await expect(PostgresSessionService.connect(`${url}?ttlMs=x`)).rejects.toThrow(/ttlMs/);
    await expect(PostgresSessionService.connect(`${url}?schema=pg_x`)).rejects.toThrow(/schema/);
    await expect(PostgresSessionService.connect(`${url}?pooler=maybe`)).rejects.toThrow(/pooler/);
  });

  it("are no URL: what takes one is named, and no password is repeated", async () => {
    const url = "postgresql://app:hunter2@db/x";
    expect(() => new PostgresSessionService(url as never)).toThrow(
      /`await PostgresSessionService.connect\(url\)`, or `await createSessionService\(url\)`/,
    );
    expect(() => new PostgresSessionStore(url as never)).toThrow(/got a URL \(postgresql:\)\.$/);
    await expect(PostgresSessionService.connect(url, url as never)).rejects.toThrow(
      /got a URL \(postgresql:\)\.$/,
    );
  });

  it("in a URI make a service; a server that is not there is UNAVAILABLE", async () => {
    const load = async (): Promise<object> => await import("./index.ts");
    await using service = await createSessionService(
      "postgres://nobody@127.0.0.1:1/none?schema=x&pooler=true",
      { load },
    );
    expect(service).toBeInstanceOf(PostgresSessionService);
    const error = await service.getAppState({ appName: "a" }).catch((thrown: unknown) => thrown);
    expect(AdkError.isInstance(error, "UNAVAILABLE")).toBe(true);
    expect(error).toMatchObject({ retryable: true, details: { committed: false } });
  });
});

describe("clients that one passes", () => {
  it("may say that they lost a connection, however many stores use them", () => {
    const pools = [0, 1].map(() => Object.assign(new EventEmitter(), client));
    const [first, second] = pools;
    for (let n = 0; n < 20; n++)
      new PostgresSessionStore({ client: first!, notificationClient: second! });
    for (const pool of pools) {
      expect(pool.listenerCount("error")).toBe(1);
      pool.emit("error", new Error("Connection terminated unexpectedly"));
    }
  });
});

describe("words of SQL", () => {
  it("are quoted, whatever is in them", () => {
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(arrayLiteral(["a", null, 'q"\\{},NULL', "", 7])).toBe(
      '{"a",NULL,"q\\"\\\\{},NULL","",7}',
    );
  });
});

describe("page tokens", () => {
  it("come back as they went, and those of another list are refused", () => {
    const position = { lastUpdateTime: 5, sid: "123" };
    const token = encodePosition("lastUpdateTime", position);
    expect(decodePosition("lastUpdateTime", token)).toEqual(position);
    for (const bad of [
      token.slice(1),
      "x",
      "",
      encodePosition("lastUpdateTime", { lastUpdateTime: 5, sid: "1;drop" }),
    ])
      expect(() => decodePosition("lastUpdateTime", bad)).toThrow(/pageToken/);
    expect(() => decodePosition("createTime", token)).toThrow(/pageToken/);
  });
});

describe("payloads of notifications", () => {
  it("that are not ours are nobody's", () => {
    for (const payload of ["", "x", "null", "7", "[7, [1]]", '{"ping":7}'])
      expect(readPayload(payload)).toEqual({ wakes: [] });
    expect(readPayload('[["i",3,0],["j",null,1]]')).toEqual({
      wakes: [
        { incarnation: "i", lastSequence: 3 },
        { incarnation: "j", cancel: true },
      ],
    });
  });
});
