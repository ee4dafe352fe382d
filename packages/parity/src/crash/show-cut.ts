import { Undisturbed } from "./cut.ts";
import { play } from "./play.ts";
import type { Shape } from "./shape.ts";
import { printDifferences, printLog, type Total } from "./report.ts";

/** Makes one cut in memory (and one after it), and prints its log. */
export async function showCut(
  shape: Shape,
  cuts: readonly number[],
  resumesById: boolean,
): Promise<Total> {
  const undisturbed = await Undisturbed.of(shape);
  const { difference } = await undisturbed.cut(cuts, { resumesById });
  const { events } = await play(shape, { cuts, resumesById });
  printLog(events);
  const differences = difference ? [difference] : [];
  printDifferences(differences);
  return { cuts: 1, differences: differences.length };
}
