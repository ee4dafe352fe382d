import {
  BaseArtifactService,
  BaseSessionService,
  Runner,
  type ArtifactStore,
  type Clock,
  type Event,
  type Logger,
  type SessionStore,
} from "@adk/core";
import { Continuations } from "./continuations.ts";
import { Kit } from "./kit.ts";
import type { KitWorld } from "./kit-world.ts";
import type { RunOutcome } from "./run-outcome.ts";
import type { Shape } from "./shape.ts";
import { APP_NAME, LEASE_MS, type Universe } from "./universe.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * One process: a Runner with its app, which lives until a continuation of the engine that was chosen before. From then on
 * nothing outside hears of it: store, model, tools, hooks and timers neither settle nor write, and the generator of its run is
 * left where it stands.
 */
export class World implements KitWorld {
  readonly appName: string = APP_NAME;
  readonly universe: Universe;
  readonly #runner: Runner;
  readonly #died: PromiseWithResolvers<RunOutcome> = Promise.withResolvers();
  readonly #timers: Set<Timer> = new Set();
  #isDead = false;
  #aborting: AbortController = new AbortController();
  /** Tools that wait for time to pass. */
  #sleepers = 0;
  readonly #continuations: Continuations;

  /** @param dieAt the number of the continuation before which it ends; absent: it lives on. */
  constructor(shape: Shape, universe: Universe, dieAt: number = Number.POSITIVE_INFINITY) {
    this.universe = universe;
    this.#continuations = new Continuations(dieAt, () => {
      this.#isDead = true;
      setImmediate(() => this.#died.resolve({ kind: "died" }));
    });
    const newId = universe.newWorldIds();
    const clock = this.#clock();
    const app = shape.app(new Kit(this));
    const services = { clock, newId };
    this.#runner = new Runner({
      app,
      sessionService: new BaseSessionService(this.#sessions(), services),
      artifactService: new BaseArtifactService(this.#artifacts(), services),
      leaseTtlMs: LEASE_MS,
      logger: SILENT,
      ...services,
    });
  }

  /** Continuations of the engine so far. */
  get continuations(): number {
    return this.#continuations.count;
  }

  /** Lets a run come to its end, or to that of the world. */
  async run(start: (runner: Runner) => AsyncIterable<Event>): Promise<RunOutcome> {
    const hanging = Promise.withResolvers<RunOutcome>();
    const timer = setTimeout(() => hanging.resolve({ kind: "failed", error: HANGS }), LIMIT_MS);
    const outcome = await Promise.race([
      this.#died.promise,
      this.#continuations.of(() => this.#drain(start)),
      hanging.promise,
    ]);
    clearTimeout(timer);
    if (!this.#isDead) return outcome;
    // What is still under way in it comes to rest.
    for (let turn = 0; turn < 3; turn++) await nextTask();
    return { kind: "died" };
  }

  /** Something outside of the engine: the world may end before it happens, and before its answer is back. */
  async outside<T>(work: () => T): Promise<Awaited<T>> {
    await Promise.resolve();
    await this.#unlessDead();
    const result = await work();
    await this.#unlessDead();
    return result;
  }

  /** A moment in which others go on. */
  async pause(): Promise<void> {
    await nextTask();
    await this.#unlessDead();
  }

  /** Waits until so much time has passed, which it does when nothing else is left to do. */
  async sleep(ms: number): Promise<void> {
    this.#sleepers++;
    this.#letTimePass(this.continuations);
    await new Promise<void>((resolve) => this.#clock().after(ms, resolve));
    this.#sleepers--;
    await this.#unlessDead();
  }

  /** The caller of the next run changes its mind when a tool says so. */
  newAbortSignal(): AbortSignal {
    this.#aborting = new AbortController();
    return this.#aborting.signal;
  }

  abort(): void {
    this.#aborting.abort();
  }

  async #drain(start: (runner: Runner) => AsyncIterable<Event>): Promise<RunOutcome> {
    const events: Event[] = [];
    try {
      for await (const event of start(this.#runner)) events.push(event);
      return { kind: "ended", events };
    } catch (error) {
      return { kind: "failed", error };
    }
  }

  async #unlessDead(): Promise<void> {
    if (this.#isDead) await new Promise<never>(() => undefined);
  }

  #letTimePass(countedBefore: number): void {
    setImmediate(() => {
      if (this.#isDead || this.#sleepers === 0) return;
      const counted = this.continuations;
      if (counted === countedBefore) {
        const next = [...this.#timers].toSorted((left, right) => left.due - right.due)[0];
        if (next) {
          this.universe.now = Math.max(this.universe.now, next.due);
          this.#timers.delete(next);
          next.callback();
        }
      }
      this.#letTimePass(counted);
    });
  }

  #clock(): Clock {
    return {
      now: () => this.universe.now,
      after: (ms, callback) => {
        const timer = { due: this.universe.now + ms, callback };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
    };
  }

  #sessions(): SessionStore {
    const { store } = this.universe;
    return {
      create: (command) => this.outside(() => store.create(command)),
      read: ((command: never) => this.outside(() => store.read(command))) as SessionStore["read"],
      append: (command) =>
        this.outside(async () => {
          const outcome = await store.append(command);
          if (outcome.status === "ok" && !outcome.duplicate) this.universe.see(command.data);
          return outcome;
        }),
      list: (command) => this.outside(() => store.list(command)),
      update: (command) => this.outside(() => store.update(command)),
      lease: (command) => this.outside(() => store.lease(command)),
      erase: (command) => this.outside(() => store.erase(command)),
      open: (command) => this.outside(() => store.open(command)),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  #artifacts(): ArtifactStore {
    const { artifacts } = this.universe;
    return {
      save: (command) => this.outside(() => artifacts.save(command)),
      open: (command) => this.outside(() => artifacts.open(command)),
      list: (command) => this.outside(() => artifacts.list(command)),
      versions: (command) => this.outside(() => artifacts.versions(command)),
      erase: (command) => this.outside(() => artifacts.erase(command)),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Of the machine's time. A run takes milliseconds. */
const LIMIT_MS = 10_000;
const HANGS = `the run did not end within ${LIMIT_MS / 1000} s`;

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
