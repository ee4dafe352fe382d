import type { S3Access, TestServer } from "@adk/test-services";

/** One line of the table. */
export interface ArtifactLine {
  readonly name: string;
  /** Whether the run fails when it is missed. */
  readonly must: boolean;
  readonly ours: string;
  /** The SDK's alone, for the same work: the limit. */
  readonly bare?: string | undefined;
  readonly goal?: string | undefined;
  /** Absent: there is no goal. */
  readonly met?: boolean | undefined;
}

/** What the rows are measured with. */
export interface ArtifactsBench {
  /** On the disk, in a process of its own. */
  readonly server: TestServer;
  readonly access: S3Access;
  readonly isQuick: boolean;
  /** Says what is being done; shown while it lasts. */
  progress(text: string): void;
}

/** Measures some lines; named so that `npm run bench:artifacts -- NAME` finds them. */
export interface ArtifactsGroup {
  readonly name: string;
  measure(bench: ArtifactsBench): Promise<ArtifactLine[]>;
}

/** Whose artifacts. */
export const SCOPE = { appName: "bench", userId: "user", sessionId: "session" } as const;

/** Bytes of a small artifact. */
export const SMALL: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(4_096));
