import { AdkError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import { busyError } from "./refusal-error.ts";
import type { Outcome } from "./session-store.ts";

export interface LeaseLineRequest {
  /** Names the session; whoever waits for the same name waits in one line. */
  readonly name: string;
  readonly sessionId: string;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Turn {
  /** Ends the pause this turn is in. */
  wake: () => void;
}

interface Line {
  readonly turns: Turn[];
  /** When the present holder's lease ends, as last heard. */
  freeAt: number;
}

/** A holder in another process says nothing when it releases: the first in line asks again after so long. */
const ASK_AGAIN_MS = 200;

/**
 * Callers of one process that want one session's lease: those that wait get it in the order in which they came, those that
 * do not wait get it only when nobody does. Costs nothing while nobody waits.
 */
export class LeaseLine {
  readonly #clock: Clock;
  readonly #lines: Map<string, Line> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param ask one try to get the lease.
   * @returns what the store said, but never that it is busy.
   * @throws AdkError `SESSION_BUSY` when the time to wait is over; `ABORTED`.
   */
  async acquire<T>(request: LeaseLineRequest, ask: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { name, sessionId, waitMs } = request;
    if (waitMs > 0) return await this.#wait(request, ask);
    const line = this.#lines.get(name);
    if (line) throw busyError(sessionId, Math.max(0, line.freeAt - this.#clock.now()));
    const outcome = await ask();
    if (outcome.status === "busy") throw busyError(sessionId, outcome.expiresInMs);
    return outcome;
  }

  /** A lease of this process was given back: the first in line need not wait for its next question. */
  released(name: string): void {
    this.#lines.get(name)?.turns[0]?.wake();
  }

  async #wait<T>(request: LeaseLineRequest, ask: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { name, sessionId, waitMs, signal } = request;
    const now = (): number => this.#clock.now();
    const deadline = now() + waitMs;
    const turn: Turn = { wake: () => {} };
    let line = this.#lines.get(name);
    if (!line) this.#lines.set(name, (line = { turns: [], freeAt: now() }));
    line.turns.push(turn);
    try {
      for (;;) {
        if (line.turns[0] === turn) {
          const outcome = await ask();
          if (outcome.status !== "busy") return outcome;
          line.freeAt = now() + outcome.expiresInMs;
        }
        const left = deadline - now();
        if (left <= 0) throw busyError(sessionId, Math.max(0, line.freeAt - now()));
        const isFirst = line.turns[0] === turn;
        const pauseMs = isFirst
          ? Math.min(left, ASK_AGAIN_MS, Math.max(1, line.freeAt - now()))
          : left;
        await this.#pause(turn, pauseMs, signal);
      }
    } finally {
      line.turns.splice(line.turns.indexOf(turn), 1);
      if (line.turns.length === 0) this.#lines.delete(name);
      else line.turns[0]?.wake();
    }
  }

  /** Until the time is over or somebody wakes the turn. */
  #pause(turn: Turn, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        turn.wake = () => {};
        cancelTimer();
        signal?.removeEventListener("abort", aborted);
      };
      const aborted = (): void => {
        end();
        reject(
          new AdkError(
            "ABORTED",
            "The call was cancelled while it waited for the lease; nothing was changed.",
            {
              cause: signal?.reason,
              details: { committed: false },
            },
          ),
        );
      };
      const cancelTimer = this.#clock.after(ms, () => {
        end();
        resolve();
      });
      turn.wake = () => {
        end();
        resolve();
      };
      if (signal?.aborted) aborted();
      else signal?.addEventListener("abort", aborted);
    });
  }
}
