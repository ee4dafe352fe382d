/**
 * What must hold of every history.
 *
 * - `I1` what was acknowledged is stored exactly once, at the acknowledged sequence, with the bytes that were sent
 * - `I2` the sequences of a session are exactly 1 to its last; what was once seen is not renumbered, changed or removed
 * - `I3` an append that returned before another worker's was invoked stands before it
 * - `I4` a worker's own appends stand in its order
 * - `I5` a read is a prefix: no hole, the state is the fold of the deltas so far, what was acknowledged before is in it
 * - `I6` a shared key has the value of the last delta to it, and no delta to another key was lost
 * - `I7` after a lease was granted nothing is written under an earlier one
 * - `I8` what ended unknown is stored once or not at all, what was refused is not
 * - `I9` an append that expects a last sequence succeeds if and only if the log stood there
 * - `I10` a session holds what was sent to it, and nothing else
 * - `I11` a subscriber gets exactly the sequences after its first, in order, with the stored bytes
 * - `I12` a deleted session is not found, not written to, and not continued by its successor
 */
export type Invariant =
  | "I1"
  | "I2"
  | "I3"
  | "I4"
  | "I5"
  | "I6"
  | "I7"
  | "I8"
  | "I9"
  | "I10"
  | "I11"
  | "I12";

/** One place in a history where an invariant does not hold. */
export interface Violation {
  readonly invariant: Invariant;
  /** For the counts of a report. */
  readonly kind?: "lost" | "duplicated" | "out-of-order";
  readonly session: string;
  readonly words: string;
}
