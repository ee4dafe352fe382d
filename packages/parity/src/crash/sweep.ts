import { type CutDifference, Undisturbed } from "./cut.ts";
import { hash } from "./request-hash.ts";
import type { Shape } from "./shape.ts";

export interface SweepOptions {
  /** Cuts at every so-manieth continuation only. @defaultValue 1: at all */
  readonly every?: number;
  /** How many pairs of cuts: one, and one inside of the resumed run. @defaultValue 0 */
  readonly pairs?: number;
  /** Which pairs, and which continuations with `every`. @defaultValue 1 */
  readonly seed?: number;
  /** Called after each run that was cut, once or twice. */
  readonly onCut?: () => void;
}

export interface Sweep {
  /** How many different single cuts were made. */
  readonly cuts: number;
  /** How many different pairs. */
  readonly pairs: number;
  readonly differences: readonly CutDifference[];
}

/** Cuts the script of a shape at its continuations, one play for each; then again with a second cut inside of the resumed run. */
export async function sweep(shape: Shape, options: SweepOptions = {}): Promise<Sweep> {
  const { every = 1, pairs: wanted = 0, seed = 1, onCut } = options;
  const undisturbed = await Undisturbed.of(shape);
  const differences: CutDifference[] = await undisturbed.problems();
  const random = generator(seed, shape.name);
  /** Where a second cut can be: how far the world after the first has come. */
  const resumed: { readonly at: number; readonly continuations: number }[] = [];
  let count = 0;
  for (let at = 1 + Math.floor(random() * every); at <= undisturbed.continuations; at += every) {
    const { played, difference } = await undisturbed.cut([at]);
    if (difference) differences.push(difference);
    resumed.push({ at, continuations: played.continuations[1] ?? 0 });
    count++;
    onCut?.();
  }
  const made = new Set<number>();
  const sum = resumed.reduce((total, { continuations }) => total + continuations, 0);
  while (made.size < Math.min(wanted, sum)) {
    let index = Math.floor(random() * sum);
    if (made.has(index)) continue;
    made.add(index);
    const first = resumed.find(({ continuations }) => (index -= continuations) < 0);
    if (first === undefined) continue;
    const cuts = [first.at, index + first.continuations + 1];
    // Every other one is resumed by its id alone.
    const { difference } = await undisturbed.cut(cuts, { resumesById: made.size % 2 === 0 });
    if (difference) differences.push(difference);
    onCut?.();
  }
  return { cuts: count, pairs: made.size, differences };
}

/** Numbers in [0, 1) that seed and name determine. */
function generator(seed: number, name: string): () => number {
  let state = Number.parseInt(hash(`${seed} ${name}`), 36) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
