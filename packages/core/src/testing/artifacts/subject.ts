import type { ArtifactKey } from "../../artifacts/artifact-store.ts";
import type { BaseArtifactService } from "../../artifacts/base-artifact-service.ts";
import type { SuiteCase } from "../suite.ts";

/**
 * - core: versions, scopes, names, contents.
 * - streams: bodies that are not held in memory.
 * - urls: bytes that go past the process; what a store cannot do is `UNSUPPORTED`.
 * - lifecycle: cancelled calls, closing, set-up.
 * - faults: what a lost reply, a refusal or a damaged disk leaves behind; needs `faults` or `corrupt`.
 */
export type ArtifactLevel = "core" | "streams" | "urls" | "lifecycle" | "faults";

/** One thing that an artifact service must do. */
export type ArtifactCase = SuiteCase<ArtifactSubject, ArtifactLevel>;

/** What a service is opened with, where a case asks for it. */
export interface ArtifactOpenOptions {
  readonly maxBytes?: number | undefined;
}

/** What the store can do besides the five commands; cases that need more do not apply. */
export interface ArtifactSubjectCapabilities {
  /** `getArtifactUrl` gives URLs that `fetch` reaches. */
  readonly urls?: boolean | undefined;
  /** `createArtifactUpload` does. */
  readonly uploads?: boolean | undefined;
  /** `copySessionArtifacts` is there. */
  readonly copy?: boolean | undefined;
}

/** One empty store and the means to reach it. Disposing it disposes whatever was opened. */
export interface ArtifactSubject extends AsyncDisposable {
  /** One more service on the same store, as another process would have. */
  open(options?: ArtifactOpenOptions): Promise<BaseArtifactService>;
  readonly capabilities: ArtifactSubjectCapabilities;
  /** Makes the next commands fail between service and store; {@link ArtifactStoreFaults} fits. */
  readonly faults?:
    | {
        loseReply(command: "save", times?: number): void;
        refuse(times?: number): void;
        heal(): void;
      }
    | undefined;
  /** Changes one stored byte of a version, as a bad disk would. */
  corrupt?(key: ArtifactKey & { version: number }): Promise<void>;
}
