/** A script to play to its end, or to a moment in it. */
export interface Job {
  /** The session service, for `createSessionService`. */
  readonly uri: string;
  readonly appName: string;
  readonly shape: string;
  /** Path of the file of effects. */
  readonly effects: string;
  /** The process kills itself at this moment. */
  readonly dieAt?: number | undefined;
}

/** What comes of a job in a process that lives. */
export interface JobResult {
  readonly moments: number;
  readonly failure?: string | undefined;
}
