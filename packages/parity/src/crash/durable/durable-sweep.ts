import type { Event } from "@adk/core";
import { freshFolder } from "@adk/test-services";
import { availableParallelism } from "node:os";
import type { CutDifference } from "../cut.ts";
import { differenceOf } from "../difference.ts";
import { play } from "../play.ts";
import type { Shape } from "../shape.ts";
import { Lab } from "./lab.ts";
import type { Place } from "./places.ts";

export interface DurableSweepOptions {
  readonly place: Place;
  readonly shapes: readonly Shape[];
  /** Cuts at every so-manieth moment only. @defaultValue 1: at all */
  readonly every?: number | undefined;
  /** Only this moment of each shape. */
  readonly k?: number | undefined;
  /** Called when a shape is done. */
  readonly onShape?: ((shape: Shape, sweep: DurableSweep) => void) | undefined;
  /** Called with the log of each run that was cut. */
  readonly onLog?: ((log: readonly Event[]) => void) | undefined;
  /** The program of the processes. @defaultValue `child.ts` */
  readonly child?: string | undefined;
}

export interface DurableSweep {
  /** How many processes were killed. */
  readonly cuts: number;
  /** How many events were acknowledged to processes that were killed. */
  readonly acknowledged: number;
  /** How often a living process was too slow for its lease. */
  readonly lostLeases: number;
  readonly differences: readonly CutDifference[];
}

/** A killed process is waited for until its lease lapses: more lanes than processors. */
const WIDTH = 2 * availableParallelism();

/**
 * Plays the scripts of shapes on a durable store in processes that are killed, one process a moment, and lets another process
 * go on. What is in the store at the end must be what it is undisturbed, and that what it is in memory.
 */
export async function durableSweep(options: DurableSweepOptions): Promise<DurableSweep> {
  const { place, child } = options;
  await using folder = await freshFolder();
  await using lab = new Lab({ uri: place.uri, folder: folder.path, width: WIDTH, child });
  const total = { cuts: 0, acknowledged: 0, lostLeases: 0, differences: [] as CutDifference[] };
  for (const shape of options.shapes) {
    const sweep = await sweepShape(lab, shape, options);
    total.cuts += sweep.cuts;
    total.acknowledged += sweep.acknowledged;
    total.lostLeases += sweep.lostLeases;
    total.differences.push(...sweep.differences);
    options.onShape?.(shape, sweep);
  }
  return total;
}

async function sweepShape(
  lab: Lab,
  shape: Shape,
  { every = 1, k, onLog }: DurableSweepOptions,
): Promise<DurableSweep> {
  const undisturbed = await lab.play(shape);
  const total = { cuts: 0, acknowledged: 0, lostLeases: undisturbed.lostLeases };
  const differences: CutDifference[] = [];
  const found = (problem: string | undefined, cuts: readonly number[]): void => {
    if (problem !== undefined) differences.push({ shape: shape.name, cuts, byId: true, problem });
  };
  const inMemory = await play(shape);
  const { lostLeases } = undisturbed;
  found(undisturbed.problem ?? differenceOf(shape, inMemory, undisturbed, lostLeases), []);
  const moments: number[] = [];
  for (let at = 1; at <= undisturbed.moments; at++)
    if (k === undefined ? (at - 1) % every === 0 : at === k) moments.push(at);
  const lane = async (): Promise<void> => {
    for (let at = moments.shift(); at !== undefined; at = moments.shift()) {
      const played = await lab.play(shape, at);
      // A run that loses its lease, or whose branches meet otherwise, may have fewer moments: then nothing was cut.
      const killed = played.wasKilled ? 1 : 0;
      total.cuts += killed;
      total.acknowledged += killed * played.acknowledged;
      total.lostLeases += played.lostLeases;
      const cuts = killed + played.lostLeases;
      const problem = played.problem ?? differenceOf(shape, undisturbed, played, cuts);
      found(problem && `${problem}${afterLosing(played.lostLeases)}`, [at]);
      onLog?.(played.log);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return { ...total, differences };
}

/** Tells a difference that a loaded machine has part in from one that the cut alone makes. */
function afterLosing(leases: number): string {
  return leases === 0 ? "" : ` (leases lost by slow processes: ${leases})`;
}
