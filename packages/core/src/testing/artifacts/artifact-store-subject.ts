import type { ArtifactStore } from "../../artifacts/artifact-store.ts";
import {
  BaseArtifactService,
  type BaseArtifactServiceOptions,
} from "../../artifacts/base-artifact-service.ts";
import type { Clock } from "../../internal/clock.ts";
import { ArtifactStoreFaults, faultArtifactStore } from "./fault-artifact-store.ts";
import type { ArtifactSubject, ArtifactSubjectCapabilities } from "./subject.ts";

/** How the kit reaches a store, and what that can do. */
export interface ArtifactStoreSubjectOptions {
  /** Connects to the subject's one store: once for each service, as another process would. */
  readonly connect: () => ArtifactStore | Promise<ArtifactStore>;
  readonly capabilities: ArtifactSubjectCapabilities;
  /** @defaultValue `BaseArtifactService` */
  readonly service?:
    | ((store: ArtifactStore, options: BaseArtifactServiceOptions) => BaseArtifactService)
    | undefined;
  readonly corrupt?: ArtifactSubject["corrupt"];
  /** Removes the store, after all services are closed. */
  readonly remove?: (() => Promise<void>) | undefined;
}

/** Pauses between tries are over at once. */
const hurriedClock: Clock = {
  now: () => Date.now(),
  after(_ms, callback) {
    const timer = setTimeout(callback, 0);
    return () => clearTimeout(timer);
  },
};

/** A subject for `artifactServiceSuite` over any store: services and faults are made here. */
export function artifactStoreSubject(options: ArtifactStoreSubjectOptions): ArtifactSubject {
  const { capabilities, connect, corrupt, remove } = options;
  const makeService =
    options.service ?? ((store, serviceOptions) => new BaseArtifactService(store, serviceOptions));
  const faults = new ArtifactStoreFaults();
  const opened: AsyncDisposable[] = [];
  return {
    capabilities,
    faults,
    async open({ maxBytes } = {}) {
      const store = faultArtifactStore(await connect(), faults);
      const service = makeService(store, { maxBytes, clock: hurriedClock });
      opened.push(service);
      return service;
    },
    ...(corrupt && { corrupt }),
    async [Symbol.asyncDispose]() {
      for (const service of opened) await service[Symbol.asyncDispose]();
      await remove?.();
    },
  };
}
