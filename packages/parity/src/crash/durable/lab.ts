import { type BaseSessionService, createSessionService, type Event } from "@adk/core";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Comparable } from "../difference.ts";
import { doubledResponses, outcomeOf } from "../outcome.ts";
import type { Shape } from "../shape.ts";
import { SESSION_ID, USER_ID } from "../universe.ts";
import { DURABLE_LEASE_MS } from "./durable-world.ts";
import { Effects } from "./effects.ts";
import { JobProcess } from "./job-process.ts";
import type { Job, JobResult } from "./job.ts";

export interface LabOptions {
  /** The store, for `createSessionService`. */
  readonly uri: string;
  /** For files of its own; removed by whoever made it. */
  readonly folder: string;
  /** How many processes are kept ready. */
  readonly width: number;
  /** The program of the processes. @defaultValue `child.ts` */
  readonly child?: string | undefined;
}

/** What came of a script in real processes. */
export interface DurablePlayed extends Comparable {
  readonly wasKilled: boolean;
  /** Moments of the first process, when it has lived. */
  readonly moments: number;
  /** How many events the killed process was told are stored. */
  readonly acknowledged: number;
  /** How often a living process was too slow for its lease. */
  readonly lostLeases: number;
  readonly problem: string | undefined;
  readonly log: readonly Event[];
}

/** One store, the processes that work on it, and a look at what they leave behind from this one. */
export class Lab implements AsyncDisposable {
  readonly #options: LabOptions;
  /** Processes that live and have nothing to do; those that wait longest come first. */
  readonly #idle: JobProcess[] = [];
  #service: BaseSessionService | undefined;
  #apps = 0;

  constructor(options: LabOptions) {
    this.#options = options;
  }

  /** Plays a script; with `dieAt` a process is killed at that moment and another one goes on. */
  async play(shape: Shape, dieAt?: number): Promise<DurablePlayed> {
    const { uri, folder } = this.#options;
    const service = (this.#service ??= await createSessionService(uri, { from: import.meta.url }));
    const appName = `crash_${++this.#apps}`;
    const key = { appName, userId: USER_ID, sessionId: SESSION_ID };
    await service.createSession(key);
    const job = { uri, appName, shape: shape.name, effects: join(folder, `${appName}.jsonl`) };
    const effects = new Effects(job.effects);
    const first = await this.#perform({ ...job, dieAt });
    const acknowledged = effects.of("stored");
    const last = first ?? (await this.#perform(job));
    const session = await service.getSession(key);
    const log = session?.events ?? [];
    return {
      wasKilled: first === undefined,
      moments: first?.moments ?? 0,
      acknowledged: acknowledged.length,
      lostLeases: effects.of("lost").length,
      problem:
        last?.failure ??
        effects.of("violation")[0]?.problem ??
        lostEvent(acknowledged, log) ??
        doubledResponses(log)[0],
      outcome: outcomeOf({
        session,
        isWhole: log.length === session?.lastSequence,
        isListed: await isListed(service, appName),
        openInvocationId: await openInvocationOf(service, key),
        artifactText: () => null,
      }),
      bodies: effects.counts("body"),
      modelCalls: effects.counts("model"),
      log,
    };
  }

  /** @returns what the process says; nothing when it was killed as the job wants it. */
  async #perform(job: Job): Promise<JobResult | undefined> {
    const process = this.#idle.pop() ?? this.#start();
    // The next one starts up meanwhile.
    if (job.dieAt !== undefined && this.#idle.length < this.#options.width)
      this.#idle.unshift(this.#start());
    const end = await process.perform(job);
    if ("moments" in end) {
      this.#idle.push(process);
      return end;
    }
    if (end.signal === "SIGKILL" && job.dieAt !== undefined) return undefined;
    return { moments: 0, failure: `a process ended by itself (${end.signal ?? "exit"})` };
  }

  #start(): JobProcess {
    const { child = fileURLToPath(new URL("child.ts", import.meta.url)), folder } = this.#options;
    return new JobProcess(child, join(folder, "compiled"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#idle.map(async (process) => await process[Symbol.asyncDispose]()));
    await this.#service?.[Symbol.asyncDispose]();
  }
}

function lostEvent(
  acknowledged: readonly { id: string; sequence: number }[],
  log: readonly Event[],
): string | undefined {
  const ids = new Map(log.map(({ id, sequence }) => [sequence, id]));
  const lost = acknowledged.find(({ id, sequence }) => ids.get(sequence) !== id);
  return lost && `event ${lost.sequence} was acknowledged and is not stored`;
}

async function isListed(service: BaseSessionService, appName: string): Promise<boolean> {
  const { sessions } = await service.listSessions({ appName, userId: USER_ID, pending: true });
  return sessions.length > 0;
}

async function openInvocationOf(
  service: BaseSessionService,
  key: { appName: string; userId: string; sessionId: string },
): Promise<string | undefined> {
  const waitMs = 2 * DURABLE_LEASE_MS;
  const request = { ...key, owner: "crash", ttlMs: DURABLE_LEASE_MS, waitMs };
  const { lease, openInvocationId } = await service.openSession(request);
  await lease.release();
  return openInvocationId;
}
