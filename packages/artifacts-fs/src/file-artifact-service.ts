import {
  AdkError,
  BaseArtifactService,
  checkOptions,
  type BaseArtifactServiceOptions,
  type OptionCheck,
} from "@adk/core";
import {
  checkPath,
  FileArtifactStore,
  STORE_OPTIONS,
  type FileArtifactStoreOptions,
} from "./file-artifact-store.ts";

/** Options of the service on files: those of the store, and those of every artifact service. */
export interface FileArtifactServiceOptions
  extends FileArtifactStoreOptions, BaseArtifactServiceOptions {}

/** What every artifact service checks by itself. */
const anything: OptionCheck = () => undefined;
const OPTIONS: Readonly<Record<keyof FileArtifactServiceOptions, OptionCheck>> = {
  maxBytes: anything,
  maxMetadataBytes: anything,
  maxAttempts: anything,
  newId: anything,
  ...STORE_OPTIONS,
};

/** Artifacts in a folder. */
export class FileArtifactService extends BaseArtifactService {
  readonly #store: FileArtifactStore;

  /**
   * @param options the folder's path, as in ADK, or an object with it and more.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used.
   */
  constructor(options: string | FileArtifactServiceOptions) {
    const given = typeof options === "string" ? { path: options } : options;
    const { path, ...others } = checked(given);
    const store = new FileArtifactStore({ path, clock: others.clock });
    super(store, others);
    this.#store = store;
  }

  /**
   * A service whose folder is there, and may be read and written; what versions need of its file system `check()` tells.
   *
   * @throws {@link AdkError} `MISCONFIGURED` when something else is in the folder's place; `PERMISSION_DENIED`.
   */
  static async connect(options: string | FileArtifactServiceOptions): Promise<FileArtifactService> {
    const service = new FileArtifactService(options);
    await service.#store.connect();
    return service;
  }
}

function checked(options: FileArtifactServiceOptions): FileArtifactServiceOptions {
  if (typeof options !== "object" || options === null)
    throw new AdkError(
      "INVALID_ARGUMENT",
      'FileArtifactService takes a folder\'s path, or an object with its options: { path: "data/artifacts" }.',
    );
  checkOptions("FileArtifactService", options, OPTIONS);
  checkPath("FileArtifactService", options);
  return options;
}
