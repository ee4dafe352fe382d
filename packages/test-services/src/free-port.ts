import { createServer } from "node:net";

/** Below what systems hand out for outgoing connections: nothing else takes the second port meanwhile. */
const LOWEST = 10_000;
const HIGHEST = 22_000;

/** A port of this machine that is free now; with an offset, one whose port so much higher is free too. */
export async function freePort(secondPortOffset?: number): Promise<number> {
  if (secondPortOffset === undefined) return await bind(0);
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      await bind(port + secondPortOffset);
      return await bind(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

async function bind(port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("none")),
      );
    });
  });
}
