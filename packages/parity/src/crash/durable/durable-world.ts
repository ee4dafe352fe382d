import {
  AdkError,
  type BaseSessionService,
  type Event,
  type Logger,
  Runner,
  type RunAsyncRequest,
  type SessionKey,
} from "@adk/core";
import { setTimeout as delay } from "node:timers/promises";
import { hasOutcome } from "../has-outcome.ts";
import { Kit } from "../kit.ts";
import type { KitWorld, Witness } from "../kit-world.ts";
import { bodyName } from "../log.ts";
import type { Shape } from "../shape.ts";
import { SESSION_ID, USER_ID } from "../universe.ts";
import type { Effects } from "./effects.ts";

/** For so long the lease of a dead process keeps others away, milliseconds. */
export const DURABLE_LEASE_MS = 500;

export interface DurableWorldOptions {
  readonly shape: Shape;
  readonly appName: string;
  readonly service: BaseSessionService;
  readonly effects: Effects;
  /** Absent: it lives on. */
  readonly dieAt?: number | undefined;
}

/**
 * This process: a Runner on a durable store, which kills the process (SIGKILL) at a moment that was chosen before. The moments
 * are counted: before an append, after its reply, after a model was asked and has answered, at both ends of a tool's body.
 */
export class DurableWorld implements KitWorld {
  readonly appName: string;
  readonly universe: Witness;
  readonly key: SessionKey;
  readonly service: BaseSessionService;
  readonly effects: Effects;
  readonly #runner: Runner;
  readonly #dieAt: number;
  #moments = 0;
  #aborting: AbortController = new AbortController();

  constructor({ shape, appName, service, effects, dieAt = Infinity }: DurableWorldOptions) {
    this.appName = appName;
    this.key = { appName, userId: USER_ID, sessionId: SESSION_ID };
    this.service = service;
    this.effects = effects;
    this.#dieAt = dieAt;
    this.universe = {
      askModel: (agent) => effects.add({ kind: "model", agent }),
      beginBody: async (callId, tool, isConfirmed) =>
        await this.#beginBody(callId, tool, isConfirmed),
    };
    this.#watchAppends();
    this.#runner = new Runner({
      app: shape.app(new Kit(this)),
      sessionService: service,
      leaseTtlMs: DURABLE_LEASE_MS,
      logger: SILENT,
    });
  }

  /** Moments so far: so many cuts there are. */
  get moments(): number {
    return this.#moments;
  }

  /** The session's events, as they are stored now. */
  async log(): Promise<readonly Event[]> {
    return (await this.service.getSession(this.key))?.events ?? [];
  }

  /** Runs to the end; waits for the lease of somebody who died before he had written anything. */
  async run(request: RunAsyncRequest): Promise<void> {
    const { signal: abortSignal } = (this.#aborting = new AbortController());
    for (;;) {
      try {
        for await (const event of this.#runner.runAsync({ ...request, abortSignal })) void event;
        return;
      } catch (error) {
        if (!AdkError.isInstance(error, "SESSION_BUSY")) throw error;
        await delay(Number(error.details["expiresInMs"]));
      }
    }
  }

  async outside<T>(work: () => T): Promise<Awaited<T>> {
    const result = await work();
    this.#pass();
    return result;
  }

  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  async sleep(ms: number): Promise<void> {
    await delay(ms);
  }

  abort(): void {
    this.#aborting.abort();
  }

  #watchAppends(): void {
    const { service } = this;
    const append = service.appendEvent.bind(service);
    service.appendEvent = async (request) => {
      this.#pass();
      const event = await append(request);
      const { id, sequence = 0 } = event;
      if (!event.partial) this.effects.add({ kind: "stored", id, sequence });
      this.#pass();
      return event;
    };
  }

  async #beginBody(callId: string, tool: string, isConfirmed: boolean): Promise<void> {
    this.effects.add({ kind: "body", name: bodyName(callId, isConfirmed) });
    if (!hasOutcome(await this.log(), callId)) return;
    const problem = `tool ${tool} ran although its response or record was stored`;
    this.effects.add({ kind: "violation", problem });
  }

  #pass(): void {
    if (++this.#moments === this.#dieAt) process.kill(process.pid, "SIGKILL");
  }
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
