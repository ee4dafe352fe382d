/** One of the two packages that are measured. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** What a child process imports. */
  readonly url: string;
  /** What npm is asked to install. */
  readonly source: string;
}

/** One line of the table. */
export interface Row {
  readonly name: string;
  /** Whether the run fails when it is missed. */
  readonly must: boolean;
  readonly ours: string;
  readonly peer?: string | undefined;
  /** Peer over ours: how many times less ours takes. */
  readonly ratio?: number | undefined;
  readonly goal?: string | undefined;
  /** Absent: there is no goal. */
  readonly met?: boolean | undefined;
}

/** What a group of rows is measured with. */
export interface Bench {
  readonly ours: Subject;
  readonly peer: Subject;
  readonly repetitions: number;
  /** Rewrite what is recorded of the peer. */
  readonly record: boolean;
  /** Says what is being done; shown while it lasts. */
  progress(text: string): void;
}

/** Measures some rows; named so that `npm run bench -- NAME` finds them. */
export interface Group {
  readonly name: string;
  measure(bench: Bench): Promise<Row[]>;
}
