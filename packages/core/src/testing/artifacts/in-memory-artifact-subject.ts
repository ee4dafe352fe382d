import type {
  ArtifactKey,
  ArtifactStore,
  OpenCommand,
  OpenedArtifact,
} from "../../artifacts/artifact-store.ts";
import { InMemoryArtifactStore } from "../../artifacts/in-memory-artifact-store.ts";
import {
  artifactStoreSubject,
  type ArtifactStoreSubjectOptions,
} from "./artifact-store-subject.ts";
import type { ArtifactSubject, ArtifactSubjectCapabilities } from "./subject.ts";

/** Changes to the subject, to see what the kit says. */
export interface InMemoryArtifactSubjectOptions extends Pick<
  ArtifactStoreSubjectOptions,
  "service"
> {
  /** The one store of the subject. @defaultValue `InMemoryArtifactStore` */
  readonly store?: ArtifactStore | undefined;
  /** What that store can do more. */
  readonly capabilities?: ArtifactSubjectCapabilities | undefined;
}

/** A subject over a store in memory. */
export function inMemoryArtifactSubject(
  options: InMemoryArtifactSubjectOptions = {},
): ArtifactSubject {
  const { store = new InMemoryArtifactStore(), service, capabilities } = options;
  const damaged = new Set<string>();
  return artifactStoreSubject({
    capabilities: { copy: true, ...capabilities },
    service,
    connect: () => connection(store, damaged),
    corrupt: async (key) => void damaged.add(addressOf(key)),
    remove: async () => await store[Symbol.asyncDispose](),
  });
}

/** The store as one of several services sees it: it outlives them, and its disk can be damaged. */
function connection(store: ArtifactStore, damaged: ReadonlySet<string>): ArtifactStore {
  const open = async (
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> => {
    const opened = await store.open(command, signal);
    if (!opened || !damaged.has(addressOf({ ...command, version: opened.version }))) return opened;
    return { ...opened, body: flipOneBit(opened.body) };
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

async function* flipOneBit(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of body) {
    const copy = chunk.slice();
    if (isFirst) copy[0] = (copy[0] ?? 0) ^ 1;
    isFirst = false;
    yield copy;
  }
}
