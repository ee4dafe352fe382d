import { spawnSync } from "node:child_process";
import { chownSync, chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createEvent } from "@adk/core";
import {
  freshFolder,
  freshSchema,
  offered,
  startPostgres,
  type FreshFolder,
  type OwnServer,
} from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, type ConnectPostgresOptions } from "../src/index.ts";
import { asking, one } from "./support/asking.ts";

const KEY = { appName: "app", userId: "user", sessionId: "session" };

/** A server with a certificate of an authority of our own, for the name localhost, and a role with a password. */
async function startWithTls(folder: FreshFolder): Promise<OwnServer> {
  const file = (name: string): string => join(folder.path, name);
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
  openssl(
    "req",
    "-x509",
    ...key("ca"),
    "-out",
    file("ca.crt"),
    "-days",
    "2",
    "-subj",
    "/CN=adk test authority",
  );
  // Another authority of the same name, which has signed nothing here.
  openssl(
    "req",
    "-x509",
    ...key("other"),
    "-out",
    file("other.crt"),
    "-days",
    "2",
    "-subj",
    "/CN=adk test authority",
  );
  openssl("req", ...key("server"), "-out", file("server.csr"), "-subj", "/CN=localhost");
  openssl(
    "x509",
    "-req",
    "-in",
    file("server.csr"),
    "-CA",
    file("ca.crt"),
    "-CAkey",
    file("ca.key"),
    "-CAcreateserial",
    "-out",
    file("server.crt"),
    "-days",
    "2",
  );
  chmodSync(file("server.key"), 0o600);
  chmodSync(folder.path, 0o755);
  // PostgreSQL reads it as the user that it runs as.
  if (process.getuid?.() === 0)
    for (const name of ["server.key", "server.crt"]) chownSync(file(name), 65_534, 65_534);
  return await startPostgres({
    settings: { ssl: "on", ssl_cert_file: file("server.crt"), ssl_key_file: file("server.key") },
  });
}

const folder = await freshFolder();
const server = await offered(async () => await startWithTls(folder));
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(!server)("connections", () => {
  const url = server?.url ?? "";
  const byName = url.replace("127.0.0.1", "localhost");
  const ca = (): string => readFileSync(join(folder.path, "ca.crt"), "utf8");
  const rootcert = (name: string): string =>
    `sslmode=verify-full&sslrootcert=${encodeURIComponent(join(folder.path, name))}`;

  async function use(to: string, options: ConnectPostgresOptions): Promise<void> {
    await using place = await freshSchema({ url });
    await using service = await PostgresSessionService.connect(to, {
      schema: place.schema,
      maxTries: 1,
      ...options,
    });
    await service.createSession(KEY);
  }

  it("use TLS with an authority of one's own, by option and by URL", async () => {
    await use(byName, { ssl: { ca: ca() } });
    await use(`${byName}?${rootcert("ca.crt")}`, {});
    await using service = await PostgresSessionService.connect(byName, {
      ssl: { ca: ca() },
      applicationName: "tls",
      schema: "adk_tls",
    });
    await service.createSession(KEY);
    const text =
      "select bool_and(ssl) as encrypted from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'tls'";
    expect(await one(url, text)).toEqual({ encrypted: true });
  });

  it.each<readonly [string, string, ConnectPostgresOptions]>([
    ["whose authority nobody knows", byName, { ssl: true }],
    ["whose authority nobody knows, by URL", `${byName}?sslmode=verify-full`, {}],
    ["of another authority than the one given, by URL", `${byName}?${rootcert("other.crt")}`, {}],
    ["made for another name", url, { ssl: { ca: "the right one" } }],
    ["made for another name, by URL", `${url}?${rootcert("ca.crt")}`, {}],
  ])("to a server %s are MISCONFIGURED", async (_name, to, options) => {
    const ssl = typeof options.ssl === "object" ? { ca: ca() } : options.ssl;
    await expect(use(to, { ssl })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      retryable: false,
      message: expect.stringContaining("certificate") as string,
    });
  });

  it("ask for a password each time: a token that rotates", async () => {
    await asking(url, async (client) => {
      await client.query("create role rotating login superuser password 'first'");
      const { rows } = await client.query<{ file: string }>(
        "select current_setting('hba_file') as file",
      );
      await client.query(
        `copy (select 'host all rotating all scram-sha-256' union all select 'host all all all trust') to '${rows[0]?.file}'`,
      );
      await client.query("select pg_reload_conf()");
    });
    const to = url.replace("postgres@", "rotating@");
    await expect
      .poll(
        async () =>
          await use(to, {}).then(
            () => "in",
            () => "out",
          ),
        { timeout: 5_000 },
      )
      .toBe("out");
    await expect(use(to, {})).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(use(to, { password: "wrong" })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    await use(to, { password: "first" });

    let token = "first";
    let asked = 0;
    await using place = await freshSchema({ url });
    await using service = await PostgresSessionService.connect(to, {
      schema: place.schema,
      password: async () => {
        asked++;
        return token;
      },
    });
    await service.createSession(KEY);
    await asking(url, async (client) => {
      await client.query("alter role rotating password 'second'");
      token = "second";
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotating'",
      );
    });
    const before = asked;
    const session = await service.getSession(KEY);
    await service.appendEvent({
      session: session!,
      event: createEvent({ author: "user", invocationId: "e" }),
    });
    expect(asked).toBeGreaterThan(before);
  });

  it("have limits on the server's side, too, and read committed whatever the role's default", async () => {
    await asking(
      url,
      async (client) =>
        await client.query(
          "alter role postgres set default_transaction_isolation = 'repeatable read'",
        ),
    );
    await using place = await freshSchema({ url });
    await using service = await PostgresSessionService.connect(url, {
      schema: place.schema,
      timeoutMs: 4_000,
      lockTimeoutMs: 200,
      maxTries: 1,
    });
    const session = await service.createSession(KEY);
    expect((await service.check()).problems).toEqual([]);
    await asking(url, async (client) => {
      await client.query("begin");
      await client.query(`select 1 from ${place.schema}.adk_session for update`);
      const before = performance.now();
      await expect(
        service.appendEvent({ session, event: createEvent({ author: "user", invocationId: "e" }) }),
      ).rejects.toMatchObject({
        code: "UNAVAILABLE",
        details: { committed: false, driverCode: "55P03" },
      });
      expect(performance.now() - before).toBeLessThan(3_000);
      await client.query("rollback");
      await client.query("alter role postgres reset default_transaction_isolation");
    });
    await service.appendEvent({
      session,
      event: createEvent({ author: "user", invocationId: "e" }),
    });
  });

  it("that are gone for good let the process end", async () => {
    const program = `
      import { PostgresSessionService } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const service = await PostgresSessionService.connect(${JSON.stringify(url)}, { schema: "adk_end" });
      await service.createSession(${JSON.stringify(KEY)}).catch(() => {});
      const { lease } = await service.openSession({ ...${JSON.stringify(KEY)}, owner: "o", ttlMs: 60000 });
      const events = service.subscribe(${JSON.stringify(KEY)})[Symbol.asyncIterator]();
      events.next().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
      await lease.release();
      await service[Symbol.asyncDispose]();
      console.log("closed");`;
    const words = ["--conditions=@adk/source", "--input-type=module", "-e", program];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      timeout: 15_000,
      env: { PATH: process.env["PATH"], NODE_OPTIONS: process.env["NODE_OPTIONS"] },
    });
    expect(stderr).toBe("");
    expect([stdout.trim(), status]).toEqual(["closed", 0]);
  });
});
