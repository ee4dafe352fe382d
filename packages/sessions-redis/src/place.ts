import type { Connection } from "./connection.ts";
import type { Keys } from "./keys.ts";

/** Where sessions are. */
export interface Place {
  readonly connection: Connection;
  readonly keys: Keys;
  /** Whether an app's keys are in another slot than its sessions'. */
  readonly isSplit: boolean;
}
