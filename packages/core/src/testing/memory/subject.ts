import type { BaseMemoryService } from "../../memory/base-memory-service.ts";
import type { SuiteCase } from "../suite.ts";

/** - core: what is remembered, found and forgotten. - lifecycle: cancelled calls, closing. */
export type MemoryLevel = "core" | "lifecycle";

/** One thing that a memory service must do. */
export type MemoryCase = SuiteCase<MemorySubject, MemoryLevel>;

/** One empty store of memories. Disposing it disposes whatever was opened. */
export interface MemorySubject extends AsyncDisposable {
  /** One more service on the same store, as another process would have; the same one where memory is not shared. */
  open(): Promise<BaseMemoryService>;
}
