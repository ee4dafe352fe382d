import { offered } from "@adk/test-services";
import { durableSweep } from "./durable/durable-sweep.ts";
import { PLACES } from "./durable/places.ts";
import type { Shape } from "./shape.ts";
import { printDifferences, printLog, type Total } from "./report.ts";

/**
 * Kills a process at every moment of the shapes' scripts on a durable store, or at one.
 *
 * @returns nothing where there is no such store here.
 */
export async function sweepOnStore(
  store: string,
  shapes: readonly Shape[],
  k: number | undefined,
): Promise<Total | undefined> {
  const openPlace = PLACES[store];
  const place = openPlace && (await offered(openPlace));
  if (!place) return undefined;
  await using _removed = place;
  console.log(`${store}: ${shapes.length} shapes`);
  const { cuts, acknowledged, lostLeases, differences } = await durableSweep({
    place,
    shapes,
    k,
    onShape({ name }, done) {
      printDifferences(done.differences);
      console.log(`${store}, ${name}: ${done.cuts} cuts, ${done.differences.length} differences`);
    },
    onLog: k === undefined ? undefined : printLog,
  });
  const slow = lostLeases > 0 ? `, ${lostLeases} leases lost by slow processes` : "";
  const note = `${shapes.length} shapes, ${acknowledged} events acknowledged before the cut and found${slow}`;
  return { cuts, differences: differences.length, note };
}
