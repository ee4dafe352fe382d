import type { TestServer } from "@adk/test-services";
import type { PeerAdk } from "./peer.ts";

/** One line of the table. */
export interface Line {
  readonly name: string;
  /** Whether the run fails when it is missed. */
  readonly must: boolean;
  readonly ours: string;
  /** The bare driver's figure: the limit. */
  readonly bare?: string | undefined;
  readonly peer?: string | undefined;
  readonly goal?: string | undefined;
  /** What is compared with the goal. */
  readonly found?: string | undefined;
  /** Absent: there is no goal. */
  readonly met?: boolean | undefined;
}

/** What a group of rows is measured with. */
export interface SessionsBench {
  readonly peer: PeerAdk;
  /** PostgreSQL on the disk, with fsync: everybody's. */
  readonly postgres: TestServer;
  /** A folder on the disk. */
  readonly folder: string;
  readonly repetitions: number;
  /** Blocks and sizes are a tenth: to see whether everything works. */
  readonly isQuick: boolean;
  progress(text: string): void;
}

/** Measures some lines; named so that `npm run bench:sessions -- NAME` finds them. */
export interface SessionsGroup {
  readonly name: string;
  measure(bench: SessionsBench): Promise<Line[]>;
}

export const KEY = { appName: "bench", userId: "user" };
