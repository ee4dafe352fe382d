import type { AcquireCommand, Grant, LeaseCommand, Outcome, SessionKey, Snapshot } from "@adk/core";
import type { AppIndex } from "./app-index.ts";
import { behindWrite } from "./behind-write.ts";
import type { Connection, RunOptions } from "./connection.ts";
import { splitReply, toRefusal } from "./replies.ts";
import type { SessionCalls } from "./session-calls.ts";
import type { SessionReader } from "./session-reader.ts";
import { toSnapshot, type StoredSnapshot } from "./snapshots.ts";

export interface SessionOpenerOptions {
  readonly connection: Connection;
  readonly calls: SessionCalls;
  readonly appIndex: AppIndex;
  readonly reader: SessionReader;
}

/** The newest events that come with a lease at the most; older ones are read in pages, by those who do not know them. */
const OPENED_EVENTS = 1_000;
/** How many of them come in the first round trip; most windows hold fewer. */
const FIRST_EVENTS = 128;

/** Leases, and a session opened with one. */
export class SessionOpener {
  readonly #options: SessionOpenerOptions;

  constructor(options: SessionOpenerOptions) {
    this.#options = options;
  }

  async lease(command: LeaseCommand, options: RunOptions): Promise<Outcome<{ grant: Grant }>> {
    const { connection, calls, appIndex, reader } = this.#options;
    if (command.op === "release" && command.header) {
      const stored = await reader.read(pick(command), options);
      if (stored) await appIndex.announce(stored.header, command.header, options);
    }
    return toGrant(await connection.run(calls.lease(command), options), command);
  }

  /** The lease and the newest events in one round trip; older ones of the window in a second. */
  async open(
    command: AcquireCommand,
    options: RunOptions,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    const { connection, calls, reader } = this.#options;
    const newest = { start: -FIRST_EVENTS, stop: -1 };
    const plan = reader.plan(command, { state: true, kept: true, events: newest });
    const call = calls.lease(command);
    const [reply, ...read] = await connection.runAndRead(call, plan.commands, options);
    const outcome = toGrant(reply, command);
    if (outcome.status !== "ok") return outcome;
    return await behindWrite(async () => {
      const stored = plan.finish(read);
      const whole = stored && (await this.#topUp(command, stored, options));
      if (whole?.header.incarnation !== outcome.grant.incarnation) return { status: "not-found" };
      const snapshot = toSnapshot(await reader.complete(command, whole, options));
      return { ...outcome, snapshot };
    });
  }

  /** The log only grows: what lies before what was read is as it was. */
  async #topUp(
    key: AcquireCommand,
    stored: StoredSnapshot,
    options: RunOptions,
  ): Promise<StoredSnapshot | undefined> {
    const { windowFrom, lastSequence, incarnation } = stored.header;
    const from = Math.max(windowFrom, lastSequence - OPENED_EVENTS + 1);
    const events = stored.events.filter(({ sequence }) => sequence >= from);
    const first = events[0]?.sequence ?? lastSequence + 1;
    if (from >= first) return { ...stored, events };
    const older = await this.#options.reader.read(
      { ...pick(key), events: { from, to: first - 1 } },
      options,
    );
    if (older?.header.incarnation !== incarnation) return undefined;
    return { ...stored, events: [...older.events, ...events] };
  }
}

function pick({ appName, userId, sessionId }: SessionKey): SessionKey {
  return { appName, userId, sessionId };
}

function toGrant(reply: unknown, key: SessionKey): Outcome<{ grant: Grant }> {
  const { status, rest } = splitReply(reply);
  if (status !== "ok") return toRefusal(reply, key);
  const [incarnation, epoch, attempt, expiresInMs, cancel, lastSequence, invocationId] = rest;
  const grant: Grant = {
    incarnation: String(incarnation),
    epoch: Number(epoch),
    attempt: Number(attempt),
    expiresInMs: Number(expiresInMs),
    cancelRequested: Number(cancel) === 1,
    lastSequence: Number(lastSequence),
  };
  if (invocationId !== "") grant.invocationId = String(invocationId);
  return { status: "ok", grant };
}
