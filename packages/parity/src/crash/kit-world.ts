/** Sees what happens outside of the engine, and outlives the process. */
export interface Witness {
  /** A model is asked; `agent` is whose. */
  askModel(agent: string): void;
  /** The body of a tool begins: nothing of this call may be stored yet since it was last released. */
  beginBody(callId: string, tool: string, isConfirmed: boolean): void | Promise<void>;
}

/** What agents and tools of a shape need of the process that they live in, which may end at any of these. */
export interface KitWorld {
  readonly appName: string;
  readonly universe: Witness;
  /** Does something outside of the engine. */
  outside<T>(work: () => T): Promise<Awaited<T>>;
  /** A moment in which others go on. */
  pause(): Promise<void>;
  /** Waits until so much time has passed. */
  sleep(ms: number): Promise<void>;
  /** The caller of the run changes its mind. */
  abort(): void;
}
