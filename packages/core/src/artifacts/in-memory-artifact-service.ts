import { BaseArtifactService, type BaseArtifactServiceOptions } from "./base-artifact-service.ts";
import { InMemoryArtifactStore } from "./in-memory-artifact-store.ts";

/** Artifacts in the memory of this process, for tests and for trying things out; they end with it. */
export class InMemoryArtifactService extends BaseArtifactService {
  constructor(options: BaseArtifactServiceOptions = {}) {
    super(new InMemoryArtifactStore({ clock: options.clock }), options);
  }
}
