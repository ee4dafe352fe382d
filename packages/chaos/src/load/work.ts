import type { Session } from "@adk/core";
import type { Append } from "../history/operation.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import { APP_NAME, type Worker } from "./worker.ts";

export interface WorkOptions {
  readonly worker: Worker;
  /** What it writes to; it exists. */
  readonly sessionId: string;
  readonly random: Random;
  /** Ends it between two operations. */
  readonly signal: AbortSignal;
  /** The longest pause between two operations, in milliseconds. */
  readonly longestPauseMs: number;
}

/** A session object that has caught up with so many events is replaced by a fresh one. */
const OPERATIONS_A_HANDLE = 150;

/**
 * What a worker does all the time: mostly appends with a delta, some of them to shared keys or at an expected sequence,
 * now and then a read, and sometimes a session of its own from its birth to after its deletion.
 */
export async function work(options: WorkOptions): Promise<void> {
  const { worker, sessionId, random, signal, longestPauseMs } = options;
  let lives = 0;
  while (!signal.aborted) {
    const session = await worker.answered(async () => await worker.load(sessionId, 0));
    if (!session) throw new Error(`${APP_NAME} lost the session ${sessionId}.`);
    for (let n = 0; n < OPERATIONS_A_HANDLE && !signal.aborted; n++) {
      const choice = random();
      let append: Append | undefined;
      if (choice < 0.01) await liveAndDie(worker, `life-${worker.name}-${++lives}`);
      else if (choice < 0.06) await worker.read(session);
      else if (choice < 0.16)
        append = await worker.append(session, {
          delta: { [worker.name]: worker.count + 1 },
          expected: session.lastSequence,
        });
      else append = await worker.append(session, { delta: deltaOf(worker, random) });
      if (append?.code === "SESSION_REGRESSED") break;
      if (longestPauseMs > 0) await pause(random() * longestPauseMs);
    }
  }
}

function deltaOf(worker: Worker, random: Random): Record<string, unknown> {
  const n = worker.count + 1;
  const delta: Record<string, unknown> = { [worker.name]: n, last: `${worker.name}:${n}` };
  if (random() < 0.1) {
    // Keys of its own, which no other may undo, and one that all write.
    delta[`user:${worker.name}`] = n;
    delta[`app:${worker.name}`] = n;
    delta[random() < 0.5 ? worker.sharedKey : "app:last"] = `${worker.name}:${n}`;
  }
  return delta;
}

/** After its deletion nobody finds it or writes to it, and its successor starts anew. */
async function liveAndDie(worker: Worker, sessionId: string): Promise<void> {
  const session: Session = await worker.create(sessionId);
  await worker.append(session, { delta: { born: true } });
  await worker.delete(session);
  await worker.read(session);
  await worker.append(session);
  const successor = await worker.create(sessionId);
  await worker.append(successor, { delta: { again: true } });
}
