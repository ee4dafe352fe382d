import type {
  AppendCommand,
  Appended,
  CreateCommand,
  Outcome,
  SessionHeader,
  Snapshot,
  UpdateCommand,
} from "@adk/core";
import type { AppIndex } from "./app-index.ts";
import { behindWrite } from "./behind-write.ts";
import type { RunOptions } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import type { Place } from "./place.ts";
import { splitReply, toRefusal } from "./replies.ts";
import type { SessionCalls } from "./session-calls.ts";
import type { SessionReader } from "./session-reader.ts";
import { toSnapshot } from "./snapshots.ts";

export interface SessionWriterOptions extends Place {
  readonly calls: SessionCalls;
  readonly appIndex: AppIndex;
  readonly reader: SessionReader;
}

/** Creates, appends and updates, each by one script. In a cluster what lies in an app's slot is said before or applied after. */
export class SessionWriter {
  readonly #options: SessionWriterOptions;
  readonly #outbox: Outbox;

  constructor(options: SessionWriterOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.connection, options.keys);
  }

  async create(command: CreateCommand, options: RunOptions): Promise<Outcome<Snapshot>> {
    const { connection, calls, appIndex, reader } = this.#options;
    await appIndex.register(command.appName, options);
    const serial = await appIndex.enrol(command, options);
    if (command.fork) await appIndex.announce(command, command.fork.header, options);
    const plan = reader.plan(command, { state: true, events: { start: 0, stop: -1 } });
    const call = calls.create(command, serial);
    const [reply, ...read] = await connection.runAndRead(call, plan.commands, options);
    if (splitReply(reply).status !== "ok") {
      await appIndex.unenrol(command, options);
      return toRefusal(reply, command);
    }
    return await behindWrite(async () => {
      const stored = plan.finish(read);
      // Somebody has erased it since.
      if (!stored) return { status: "gone" };
      return { status: "ok", ...toSnapshot(await reader.complete(command, stored, options)) };
    });
  }

  async append(command: AppendCommand, options: RunOptions): Promise<Outcome<Appended>> {
    const { connection, calls, appIndex, isSplit } = this.#options;
    if (command.lease) await appIndex.announce(command, command.lease.header, options);
    const plain = calls.plainAppend(command);
    let reply = plain && (await connection.run(plain, options));
    if (reply === undefined || splitReply(reply).status === "whole")
      reply = await connection.run(calls.append(command), options);
    const { status, rest } = splitReply(reply);
    if (status !== "ok") return toRefusal(reply, command);
    const [sequence, lastUpdateTime, duplicate, cancel, unsettled] = rest.map(Number);
    // It is stored; whoever reads or appends next does what is left.
    if (isSplit && unsettled) await this.#outbox.settle(command, options).catch(() => {});
    return {
      status: "ok",
      sequence: sequence ?? 0,
      lastUpdateTime: lastUpdateTime ?? 0,
      duplicate: duplicate === 1,
      cancelRequested: cancel === 1,
    };
  }

  async update(
    command: UpdateCommand,
    options: RunOptions,
  ): Promise<Outcome<{ header: SessionHeader }>> {
    const { connection, calls, reader } = this.#options;
    const plan = reader.plan(command, {});
    const call = calls.update(command);
    const [reply, ...read] = await connection.runAndRead(call, plan.commands, options);
    if (splitReply(reply).status !== "ok") return toRefusal(reply, command);
    const stored = await behindWrite(async () => plan.finish(read));
    return stored ? { status: "ok", header: stored.header } : { status: "not-found" };
  }
}
