import { AdkError, BaseArtifactService, type BaseArtifactServiceOptions } from "@adk/core";
import { FileArtifactStore, type FileArtifactStoreOptions } from "./file-artifact-store.ts";

/** Options of the service on files: those of the store, and those of every artifact service. */
export interface FileArtifactServiceOptions
  extends FileArtifactStoreOptions, BaseArtifactServiceOptions {}

/** Artifacts in a folder. */
export class FileArtifactService extends BaseArtifactService {
  readonly #store: FileArtifactStore;

  /**
   * @param options the folder's path, as in ADK, or an object with it and more.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used.
   */
  constructor(options: string | FileArtifactServiceOptions) {
    const { path, ...others } = typeof options === "string" ? { path: options } : checked(options);
    const store = new FileArtifactStore({ path, clock: others.clock });
    super(store, others);
    this.#store = store;
  }

  /** A service whose folder is there: what is wrong with it is said here. */
  static async connect(options: string | FileArtifactServiceOptions): Promise<FileArtifactService> {
    const service = new FileArtifactService(options);
    await service.#store.connect();
    return service;
  }
}

function checked(options: FileArtifactServiceOptions): FileArtifactServiceOptions {
  if (typeof options === "object" && options !== null) return options;
  throw new AdkError(
    "INVALID_ARGUMENT",
    'FileArtifactService takes a folder\'s path, or an object with its options: { path: "data/artifacts" }.',
  );
}
