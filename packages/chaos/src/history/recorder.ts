import type { Operation } from "./operation.ts";

/** Is told what workers do, at the moment they do it. */
export interface Recorder {
  /** Before anything is sent. */
  asked(operation: Operation): void;
  /** The operation's `return` and `outcome`, and what came of it, are known. */
  settled(operation: Operation): void;
}
