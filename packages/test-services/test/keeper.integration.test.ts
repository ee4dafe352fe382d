import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { shareServer, type ServerSpec } from "../src/server.ts";

/** Accepts connections, and takes its time when it is to end. */
const SLOW_TO_END = `
const server = require("node:net").createServer((socket) => socket.end("hello"));
server.listen(Number(process.argv[1]), "127.0.0.1", () => console.log("ready"));
process.on("SIGQUIT", () => {
  server.close();
  setTimeout(() => process.exit(0), 1_000);
});
`;

const SPEC: ServerSpec = {
  prepare: [],
  command: [process.execPath, "-e", SLOW_TO_END, "{port}"],
  env: {},
  readyLine: "ready",
  url: "tcp://127.0.0.1:{port}",
  onDisk: true,
  lingerMs: 100,
};

describe("a shared server", () => {
  it("is not given to who comes while it ends: there is another", async () => {
    const first = await shareServer("slow-to-end", SPEC);
    await first[Symbol.asyncDispose]();
    // Its linger is over, and it is on its way out.
    await sleep(500);
    await using second = await shareServer("slow-to-end", SPEC);
    const { hostname, port } = new URL(second.url);
    for (const pause of [0, 1_500]) {
      await sleep(pause);
      const socket = connect(Number(port), hostname);
      const [said] = (await once(socket, "data")) as [Buffer];
      expect(said.toString()).toBe("hello");
    }
  });
});
