/** What every record says. Times are milliseconds of the machine's monotonic clock, the same one in every process. */
interface Asked {
  /** Which worker asked. A worker asks for one thing at a time. */
  readonly worker: string;
  /** Whose session it is. Ids of sessions are not used twice. */
  readonly user: string;
  readonly session: string;
  /** Which life of the session was meant. */
  readonly incarnation: string;
  readonly invoke: number;
  /** `Infinity` while no answer has come. */
  return: number;
  /** `fail`: refused, and certainly not carried out. `unknown`: the worker never learned what became of it. */
  outcome: "ok" | "fail" | "unknown";
}

/** One event for a session, sent once or, under the same id, several times until it was known what became of it. */
export interface Append extends Asked {
  readonly op: "append";
  readonly eventId: string;
  /** A fingerprint of what was sent. */
  readonly data: string;
  /** What it sets, by key with its prefix. */
  readonly delta: Readonly<Record<string, unknown>>;
  /** It asked for this last sequence. */
  readonly expected?: number;
  /** The epoch of the lease it was sent under. */
  readonly epoch?: number;
  /** Where the store said that it stands. */
  sequence?: number;
  /** Why it was refused; or what its worker learned with the answer. */
  code?: string;
}

/** A session as a worker loaded it: some of its last events, and the whole state of its own scope. */
export interface Read extends Asked {
  readonly op: "read";
  /** Absent: there was no such session. */
  found?: {
    readonly lastSequence: number;
    readonly events: readonly LoggedEvent[];
    readonly state: Readonly<Record<string, unknown>>;
  };
}

/** A lease that was granted. */
export interface Grant extends Asked {
  readonly op: "grant";
  readonly epoch: number;
  /** Where the log stood. */
  readonly lastSequence: number;
}

/** A session that was deleted. */
export interface Deletion extends Asked {
  readonly op: "delete";
}

export type Operation = Append | Read | Grant | Deletion;

/** An event as somebody got it from the store. */
export interface LoggedEvent {
  readonly sequence: number;
  readonly id: string;
  /** A fingerprint. */
  readonly data: string;
  /** When a follower got it. */
  readonly at?: number;
}

/** What a subscriber got, in the order in which it got it. */
export interface Followed {
  readonly worker: string;
  readonly session: string;
  readonly after: number;
  readonly events: LoggedEvent[];
}

/** A session at the end, read when nothing disturbed any more. */
export interface SessionLog {
  readonly session: string;
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly events: readonly LoggedEvent[];
  /** The session's own scope. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** Everything at the end. */
export interface Final {
  readonly logs: readonly SessionLog[];
  /** Of all users, keys with their prefix: no two users have a key of one name. */
  readonly user: Readonly<Record<string, unknown>>;
  readonly app: Readonly<Record<string, unknown>>;
}

/** Who asked for what, who followed what, and what is there at the end. */
export interface History extends Final {
  readonly operations: readonly Operation[];
  readonly followed: readonly Followed[];
}
