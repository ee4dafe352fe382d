// A worker with leases, as a process: `lease-holder.ts {address, name, seed, ttlMs}`. For each line, which names a session,
// it takes the lease, appends, and is ready: it has decided on its next event. At the next line, whatever that says, it appends it.
import { createInterface } from "node:readline";
import { Tally } from "../load/tally.ts";
import { Worker } from "../load/worker.ts";
import { randomOf } from "../random.ts";
import type { Address } from "../stores/address.ts";
import { openService } from "../stores/open-service.ts";
import { tell, TellingRecorder } from "./telling-recorder.ts";

/** What it is given. */
export interface LeaseHolderParameters {
  readonly address: Address;
  readonly name: string;
  readonly seed: number;
  readonly ttlMs: number;
}

const { address, name, seed, ttlMs } = JSON.parse(process.argv[2] ?? "") as LeaseHolderParameters;
await using service = await openService(address);
const worker = new Worker({
  name,
  service,
  recorder: new TellingRecorder(),
  tally: new Tally(),
  random: randomOf(seed, name),
});
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
tell({ ready: true });
try {
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const { session, lease } = await worker.acquire(line.value, ttlMs);
    await worker.append(session, { delta: { [name]: "began" }, lease });
    tell({ ready: true });
    await lines.next();
    await worker.append(session, { delta: { [name]: "went on" }, lease });
    await lease.release();
    tell({ ready: true });
  }
} catch (error) {
  tell({ problem: `${name} got ${String(error)}` });
}
