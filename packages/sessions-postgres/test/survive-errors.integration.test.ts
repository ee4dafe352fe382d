import { createServer, type AddressInfo } from "node:net";
import pg from "pg";
import { expect, it } from "vitest";
import { PostgresSessionStore } from "../src/index.ts";

/** A message of PostgreSQL's protocol. */
function message(type: string, body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const WELCOME = message("R", Buffer.alloc(4));
const READY = message("Z", Buffer.from("I"));
const ENDING = message("E", Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"));

// Of a real server it takes luck, and a busy machine: seen at failovers.
it("a server that accepts a connection and ends it in one breath does not end the process", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([WELCOME, READY, ENDING])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "user", database: "database" });
  const uncaught: Error[] = [];
  const catching = (error: Error): void => void uncaught.push(error);
  process.prependListener("uncaughtException", catching);
  try {
    await using store = new PostgresSessionStore({ client: pool, migrations: "verify" });
    await expect(
      store.read({ appName: "app", userId: "user", sessionId: "session" }),
    ).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(uncaught).toEqual([]);
  } finally {
    process.off("uncaughtException", catching);
    await pool.end();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
