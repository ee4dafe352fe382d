// A worker as a process: `writer.ts {address, name, sessionId, seed, longestPauseMs}`. It works until it is killed.
import { Tally } from "../load/tally.ts";
import { work } from "../load/work.ts";
import { Worker } from "../load/worker.ts";
import { randomOf } from "../random.ts";
import type { Address } from "../stores/address.ts";
import { openService } from "../stores/open-service.ts";
import { tell, TellingRecorder } from "./telling-recorder.ts";

/** What it is given. */
export interface WriterParameters {
  readonly address: Address;
  readonly name: string;
  readonly sessionId: string;
  readonly seed: number;
  readonly longestPauseMs: number;
}

const { address, name, sessionId, seed, longestPauseMs } = JSON.parse(
  process.argv[2] ?? "",
) as WriterParameters;
const random = randomOf(seed, name);
await using service = await openService(address);
const worker = new Worker({
  name,
  service,
  recorder: new TellingRecorder(),
  tally: new Tally(),
  random,
});
tell({ ready: true });
try {
  const { signal } = new AbortController();
  await work({ worker, sessionId, random, signal, longestPauseMs });
} catch (error) {
  tell({ problem: `${name} got ${String(error)}` });
}
