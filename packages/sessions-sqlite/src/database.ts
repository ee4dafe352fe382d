import { AdkError } from "@adk/core";
import type { Connection } from "./connection.ts";
import { isBusy, sqliteCode, storeError } from "./errors.ts";
import { nextTurn, pause, Turn } from "./turn.ts";

/** At most so much is done in one transaction: others wait for its end. */
const BATCH_SIZE = 64;
const BATCH_MS = 3;
/** A transaction of another process takes less than a millisecond; the pauses double up to this, and are jittered. */
const LONGEST_PAUSE_MS = 6;
/** So often the lock is asked for in the next turn of the event loop, before the pauses begin. */
const TURNS = 2;

interface Job {
  readonly body: (connection: Connection) => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly deadline: number;
  /** It failed among others: it gets a transaction of its own. */
  isAlone: boolean;
}

/**
 * Transactions on one connection, that never wait for a lock on the event loop.
 *
 * A write joins a queue. When it is its turn, the queue asks for the write lock; it gets it at once or goes to sleep for a
 * moment that is jittered. With the lock, what has gathered meanwhile is written in one transaction: one sync of the disk
 * for all. A write that fails undoes nothing but itself: the others are written again without it.
 *
 * Bodies of transactions are synchronous, so no two of them interleave, and may run more than once.
 */
export class Database {
  readonly #connection: Connection;
  readonly #file: string;
  readonly #lockTimeoutMs: number;
  readonly #turn: Turn = new Turn();
  readonly #jobs: Job[] = [];
  #draining: Promise<void> | undefined;

  constructor(connection: Connection, options: { file: string; lockTimeoutMs: number }) {
    this.#connection = connection;
    this.#file = options.file;
    this.#lockTimeoutMs = options.lockTimeoutMs;
  }

  /** A body that writes. It has been carried out, and is on the disk, when the promise resolves. */
  write<T>(body: (connection: Connection) => T, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = performance.now() + this.#lockTimeoutMs;
      this.#jobs.push({ body, resolve, reject, signal, deadline, isAlone: false });
      this.#draining ??= this.#drain();
    });
  }

  /** A body that only reads, all of one moment. */
  async read<T>(body: (connection: Connection) => T, signal?: AbortSignal): Promise<T> {
    const deadline = performance.now() + this.#lockTimeoutMs;
    for (let waits = 0; ; waits++) {
      if (this.#turn.isSpent()) await nextTurn();
      if (signal?.aborted) throw aborted(signal);
      try {
        return this.#snapshot(body);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline)
          throw storeError(error, this.#file, false);
      }
      await lockPause(waits);
    }
  }

  /** Something on the connection outside of transactions, retried while it is locked. */
  async call<T>(body: (connection: Connection) => T): Promise<T> {
    const deadline = performance.now() + this.#lockTimeoutMs;
    for (let waits = 0; ; waits++) {
      try {
        return body(this.#connection);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline)
          throw storeError(error, this.#file, false);
      }
      await lockPause(waits);
    }
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  close(): void {
    this.#connection.close();
  }

  #snapshot<T>(body: (connection: Connection) => T): T {
    const connection = this.#connection;
    connection.run("BEGIN");
    try {
      const result = body(connection);
      connection.run("COMMIT");
      return result;
    } catch (error) {
      connection.rollback();
      throw error;
    }
  }

  async #drain(): Promise<void> {
    // What is asked for in the same moment is written together.
    await Promise.resolve();
    for (let waits = 0; this.#jobs.length > 0;) {
      if (this.#turn.isSpent()) await nextTurn();
      this.#dropAborted();
      if (this.#jobs.length === 0) break;
      try {
        this.#connection.run("BEGIN IMMEDIATE");
      } catch (error) {
        if (isBusy(error)) {
          this.#dropLate(error);
          await lockPause(waits++);
        } else this.#rejectAll(this.#jobs.splice(0), storeError(error, this.#file, false));
        continue;
      }
      const busy = this.#writeBatch();
      if (busy === undefined) waits = 0;
      else {
        this.#dropLate(busy);
        await lockPause(waits++);
      }
    }
    this.#draining = undefined;
  }

  /** Carries out what waits and commits it. @returns the error when a lock was in the way of the commit. */
  #writeBatch(): unknown {
    const startedAt = performance.now();
    const done: Job[] = [];
    const values: unknown[] = [];
    while (done.length < BATCH_SIZE && performance.now() - startedAt < BATCH_MS) {
      const job = this.#jobs[0];
      if (!job || (job.isAlone && done.length > 0)) break;
      this.#jobs.shift();
      done.push(job);
      try {
        values.push(job.body(this.#connection));
      } catch (error) {
        this.#connection.rollback();
        if (done.length === 1) job.reject(storeError(error, this.#file, false));
        else {
          job.isAlone = true;
          this.#jobs.unshift(...done);
        }
        return undefined;
      }
      if (job.isAlone) break;
    }
    try {
      this.#connection.run("COMMIT");
    } catch (error) {
      this.#commitFailed(error, done);
      return isBusy(error) ? error : undefined;
    }
    for (const [index, job] of done.entries()) job.resolve(values[index] as never);
    return undefined;
  }

  #commitFailed(error: unknown, done: Job[]): void {
    try {
      this.#connection.rollback();
    } catch {
      // The transaction is undone by whoever opens the file next.
    }
    const isUndone = isBusy(error) || ((sqliteCode(error) ?? 0) & 0xff) === SQLITE_FULL;
    if (isUndone && (done.length > 1 || isBusy(error))) {
      for (const job of done) job.isAlone = true;
      this.#jobs.unshift(...done);
    } else this.#rejectAll(done, storeError(error, this.#file, isUndone ? false : "unknown"));
  }

  #dropAborted(): void {
    this.#drop(
      ({ signal }) => signal?.aborted === true,
      (job) => aborted(job.signal),
    );
  }

  #dropLate(error: unknown): void {
    const now = performance.now();
    this.#drop(
      ({ deadline }) => deadline < now,
      () => storeError(error, this.#file, false),
    );
  }

  #drop(isDropped: (job: Job) => boolean, toError: (job: Job) => unknown): void {
    if (!this.#jobs.some(isDropped)) return;
    for (const job of this.#jobs.splice(0)) {
      if (isDropped(job)) job.reject(toError(job));
      else this.#jobs.push(job);
    }
  }

  #rejectAll(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) job.reject(error);
  }
}

const SQLITE_FULL = 13;

function lockPause(waits: number): Promise<void> {
  if (waits < TURNS) return nextTurn();
  const longest = Math.min(LONGEST_PAUSE_MS, 2 ** (waits - TURNS + 1));
  return pause(longest * (0.25 + Math.random() * 0.75));
}

function aborted(signal: AbortSignal | undefined): AdkError {
  return new AdkError("ABORTED", "The call was cancelled before anything was written.", {
    cause: signal?.reason,
    details: { committed: false },
  });
}
