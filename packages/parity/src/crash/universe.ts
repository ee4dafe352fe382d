import { type Event, InMemoryArtifactStore, InMemorySessionStore } from "@adk/core";
import { hasOutcome } from "./has-outcome.ts";
import type { Witness } from "./kit-world.ts";
import { bodyName, storedEvent } from "./log.ts";

export const APP_NAME = "crash";
export const USER_ID = "user";
export const SESSION_ID = "session";
export const LEASE_MS = 15_000;

/** What outlives a process: the stores, the time, and what really happened outside of the engine. */
export class Universe implements Witness {
  /** Milliseconds since the Unix epoch. */
  now: number = Date.UTC(2026, 0, 1);
  readonly store: InMemorySessionStore;
  readonly artifacts: InMemoryArtifactStore;
  /** The session's events, as they were stored. */
  readonly log: Event[] = [];
  /** How often the body of a tool ran, by call id; apart once a person was asked. */
  readonly bodies: Map<string, number> = new Map();
  /** How often a model was asked, by the name of its agent. */
  readonly modelCalls: Map<string, number> = new Map();
  /** What must not happen and did. */
  readonly violations: string[] = [];
  #worlds = 0;

  constructor() {
    const clock = { now: () => this.now, after: () => () => undefined };
    this.store = new InMemorySessionStore({ clock });
    this.artifacts = new InMemoryArtifactStore({ clock });
  }

  async createSession(): Promise<void> {
    await this.store.create({
      appName: APP_NAME,
      userId: USER_ID,
      sessionId: SESSION_ID,
      incarnation: "incarnation",
      initialState: {},
    });
  }

  /** The ids of one more world: no other makes the same. */
  newWorldIds(): () => string {
    const world = ++this.#worlds;
    let ids = 0;
    return () => `w${world}-${++ids}`;
  }

  /** An event was stored. */
  see(data: string): void {
    this.log.push(storedEvent(data, this.log.length + 1));
  }

  askModel(agent: string): void {
    this.modelCalls.set(agent, (this.modelCalls.get(agent) ?? 0) + 1);
  }

  /** The body of a tool begins: nothing of this call may be stored yet since it was last released. */
  beginBody(callId: string, tool: string, isConfirmed: boolean): void {
    const name = bodyName(callId, isConfirmed);
    this.bodies.set(name, (this.bodies.get(name) ?? 0) + 1);
    if (hasOutcome(this.log, callId))
      this.violations.push(`tool ${tool} ran although its response or record was stored`);
  }
}
