import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  freshFolder,
  freshKeyPrefix,
  offered,
  sharedRedis,
  startRedis,
  type OwnServer,
} from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { RedisSessionService } from "../src/index.ts";
import { said, textOf } from "./support/writers.ts";

const server = await offered(sharedRedis);
const folder = await freshFolder();
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const NEVER_MS = 600_000;
const KEY = { appName: "app", userId: "user", sessionId: "session" };
const file = (name: string): string => join(folder.path, name);

describe.skipIf(!server)("connections", { timeout: 60_000 }, () => {
  const url = server?.url ?? "";

  it("with TLS the server's authority is checked, and its name", async () => {
    await using secure = await startSecure();
    const at = `rediss://localhost:${secure.port}`;
    const ca = readFileSync(file("ca.crt"));
    await using service = await RedisSessionService.connect(at, { tls: { ca } });
    await service.createSession(KEY);
    expect(await service.getSession(KEY)).toBeDefined();
    const once = { maxTries: 1, maxRetries: 0 };
    for (const [where, options] of [
      [at, {}],
      [at, { tls: { ca: readFileSync(file("other.crt")) } }],
      [`rediss://127.0.0.1:${secure.port}`, { tls: { ca } }],
    ] as const) {
      await using unsure = await RedisSessionService.connect(where, { ...once, ...options });
      await expect(unsure.getSession(KEY)).rejects.toMatchObject({ code: "MISCONFIGURED" });
    }
  });

  it("a password's function is asked for each connection", async () => {
    let password = "first";
    let asked = 0;
    await using own = await startRedis({ settings: { requirepass: password } });
    const admin = new Redis(own.url);
    const open = `redis://127.0.0.1:${own.port}`;
    await using service = await RedisSessionService.connect(open, {
      maxTries: 1,
      password: async () => {
        asked++;
        return await Promise.resolve(password);
      },
    });
    const session = await service.createSession(KEY);
    const events = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const first = events.next();
    await service.appendEvent({ session, event: said("one") });
    expect(textOf((await first).value)).toBe("one");
    const before = asked;
    password = "second";
    await admin.config("SET", "requirepass", password);
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await service.appendEvent({ session, event: said("two") });
    expect(asked).toBeGreaterThan(before);
    expect(await service.check()).toEqual({ problems: [] });
    await events.return?.();
    admin.disconnect();
  });

  it("a password's function that fails is asked again, while commands wait", async () => {
    await using own = await startRedis({ settings: { requirepass: "secret" } });
    let asked = 0;
    await using service = await RedisSessionService.connect(`redis://127.0.0.1:${own.port}`, {
      maxTries: 1,
      password: () => {
        if (++asked < 3) throw new Error("the token service is away");
        return "secret";
      },
    });
    await service.createSession(KEY);
    expect(await service.getSession(KEY)).toBeDefined();
    expect(asked).toBe(3);
  });

  it("the URL's user, password, database and options win", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const at = `${url}/5?keyPrefix=${encodeURIComponent(keyPrefix)}&ttlMs=60000`;
    await using service = await RedisSessionService.connect(at, { keyPrefix: "wrong:" });
    await service.createSession(KEY);
    const admin = new Redis(url, { db: 5 });
    const keys = await admin.keys(`${keyPrefix}*`);
    expect(keys).toContain(`${keyPrefix}{app/user}:session:h`);
    expect(await admin.pttl(`${keyPrefix}{app/user}:session:h`)).toBeGreaterThan(0);
    await admin.unlink(...keys);
    admin.disconnect();
    await using elsewhere = await RedisSessionService.connect(url, { keyPrefix });
    expect(await elsewhere.getSession(KEY)).toBeUndefined();
  });

  it("a database that the server lacks is MISCONFIGURED, and nothing is written to another", async () => {
    await using own = await startRedis();
    const client = new Redis(own.url, { db: 99 });
    await using over = new RedisSessionService({ client });
    await using service = await RedisSessionService.connect(`${own.url}/99`);
    for (const each of [over, service]) {
      const refused = { code: "MISCONFIGURED", details: { wanted: 99, committed: false } };
      await expect(each.getSession(KEY)).rejects.toMatchObject(refused);
      await expect(each.createSession(KEY)).rejects.toMatchObject(refused);
    }
    const admin = new Redis(own.url);
    expect(await admin.dbsize()).toBe(0);
    for (const each of [admin, client]) each.disconnect();
  });

  it("a client that breaks, or is closed by its owner, never ends the process", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const client = new Redis(url);
    await using service = new RedisSessionService({ client, keyPrefix, maxTries: 1 });
    await service.createSession(KEY);
    client.emit("error", new Error("broken"));
    expect(await service.getSession(KEY)).toBeDefined();
    client.disconnect();
    await expect(service.getSession(KEY)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("a cancelled call is ABORTED; a write that was under way may have been carried out", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url);
    const session = await service.createSession(KEY);
    await own.freeze();
    const abort = new AbortController();
    const event = said("one");
    const appending = service.appendEvent({ session, event, signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(appending).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: "unknown" },
    });
    await own.thaw();
    expect(await service.appendEvent({ session, event })).toMatchObject({ sequence: 1 });
  });

  it("a cancelled call is ABORTED while the first look at the layout is under way, which others wait for", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url, { timeoutMs: NEVER_MS });
    await own.freeze();
    const abort = new AbortController();
    const creating = service.createSession({ ...KEY, signal: abort.signal });
    const reading = service.getSession(KEY);
    setImmediate(() => abort.abort());
    await expect(creating).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: false },
    });
    await own.thaw();
    expect(await reading).toBeUndefined();
  });

  it("`check` of a server that falls silent is a TIMEOUT", async () => {
    await using own = await startRedis();
    const client = new Redis(own.url);
    const call = client.call.bind(client) as (...command: unknown[]) => Promise<unknown>;
    client.call = (async (...command: unknown[]) => {
      if (command[0] === "info") await own.freeze();
      return await call(...command);
    }) as typeof client.call;
    await using service = new RedisSessionService({ client, timeoutMs: 500 });
    await expect(service.check()).rejects.toMatchObject({ code: "TIMEOUT" });
    await own.thaw();
    client.disconnect();
  });

  it.each([
    [{ "maxmemory-policy": "allkeys-lru" }, /maxmemory-policy is allkeys-lru/],
    [{ appendonly: "no" }, /appendonly is off/],
  ])("`check` tells of %o", async (settings, words) => {
    await using own = await startRedis({ settings });
    await using service = await RedisSessionService.connect(own.url);
    const { problems } = await service.check();
    expect(problems).toEqual([{ code: "MISCONFIGURED", message: expect.stringMatching(words) }]);
  });
});

/** A server with a certificate for `localhost`, of an authority of our own. */
async function startSecure(): Promise<OwnServer> {
  const openssl = (...words: string[]): void => {
    const { status, stderr } = spawnSync("openssl", words, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl is needed for the tests of TLS: ${stderr}`);
  };
  const key = (name: string): string[] => [
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    file(`${name}.key`),
  ];
  for (const name of ["ca", "other"])
    openssl(
      "req",
      "-x509",
      ...key(name),
      "-out",
      file(`${name}.crt`),
      "-days",
      "2",
      "-subj",
      "/CN=adk test",
    );
  openssl("req", ...key("server"), "-out", file("server.csr"), "-subj", "/CN=localhost");
  const signer = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial"];
  openssl(
    "x509",
    "-req",
    "-in",
    file("server.csr"),
    ...signer,
    "-out",
    file("server.crt"),
    "-days",
    "2",
  );
  return await startRedis({
    tls: {
      certFile: file("server.crt"),
      keyFile: file("server.key"),
      caFile: file("ca.crt"),
    },
  });
}
