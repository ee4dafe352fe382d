import type {
  ArtifactKey,
  ArtifactStore,
  OpenCommand,
  OpenedArtifact,
} from "../../../src/artifacts/artifact-store.ts";
import {
  BaseArtifactService,
  type BaseArtifactServiceOptions,
} from "../../../src/artifacts/base-artifact-service.ts";
import { InMemoryArtifactStore } from "../../../src/artifacts/in-memory-artifact-store.ts";
import type { Clock } from "../../../src/internal/clock.ts";
import {
  ArtifactStoreFaults,
  faultArtifactStore,
} from "../../../src/testing/artifacts/fault-artifact-store.ts";
import type { ArtifactSubject } from "../../../src/testing/artifacts/subject.ts";

export interface ArtifactSubjectOptions {
  /** @defaultValue the in-memory store */
  readonly makeStore?: () => ArtifactStore;
  /** @defaultValue the service itself */
  readonly makeService?: (
    store: ArtifactStore,
    options: BaseArtifactServiceOptions,
  ) => BaseArtifactService;
}

/** Waits between attempts are over at once. */
const hurriedClock: Clock = {
  now: () => Date.now(),
  after(_ms, callback) {
    const timer = setTimeout(callback, 0);
    return () => clearTimeout(timer);
  },
};

/** A fresh store in memory, and services that stand on it without owning it. */
export function artifactSubject(options: ArtifactSubjectOptions = {}): ArtifactSubject {
  const memory = options.makeStore?.() ?? new InMemoryArtifactStore();
  const faults = new ArtifactStoreFaults();
  const damaged = new Set<string>();
  const store = faultArtifactStore(sharedStore(memory, damaged), faults);
  const makeService =
    options.makeService ?? ((opened, given) => new BaseArtifactService(opened, given));
  return {
    capabilities: { copy: true },
    faults,
    open: async (given = {}) => makeService(store, { ...given, clock: hurriedClock }),
    corrupt: async (key) => void damaged.add(addressOf(key)),
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
  };
}

/** The store as one of several services sees it: it outlives them, and its disk can be damaged. */
function sharedStore(store: ArtifactStore, damaged: ReadonlySet<string>): ArtifactStore {
  const open = async (
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> => {
    const opened = await store.open(command, signal);
    if (!opened || !damaged.has(addressOf({ ...command, version: opened.version }))) return opened;
    return { ...opened, body: flipOneByte(opened.body) };
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return async () => {};
      if (name === "open") return open;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

function addressOf({ sessionId, filename, version }: ArtifactKey & { version: number }): string {
  return JSON.stringify([sessionId, filename, version]);
}

async function* flipOneByte(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of body) {
    const copy = chunk.slice();
    if (isFirst) copy[0] = (copy[0] ?? 0) ^ 1;
    isFirst = false;
    yield copy;
  }
}
