import { differenceOf } from "./difference.ts";
import { openRequests } from "./log.ts";
import { play, type Played } from "./play.ts";
import type { Shape } from "./shape.ts";

/** What a cut has changed that it must not. */
export interface CutDifference {
  readonly shape: string;
  readonly cuts: readonly number[];
  /** Whether the run was resumed by its id alone. */
  readonly byId: boolean;
  readonly problem: string;
}

/** The script without cuts: what everything else is compared with. */
export class Undisturbed {
  readonly shape: Shape;
  readonly played: Played;

  private constructor(shape: Shape, played: Played) {
    this.shape = shape;
    this.played = played;
  }

  static async of(shape: Shape): Promise<Undisturbed> {
    return new Undisturbed(shape, await play(shape));
  }

  /** Continuations of the engine from the first request to the end of the last: so many cuts there are. */
  get continuations(): number {
    return this.played.continuations[0] ?? 0;
  }

  /** What is wrong before anything is cut: the script itself, two equal plays that differ, a resumption that does something. */
  async problems(): Promise<CutDifference[]> {
    const { shape } = this;
    const again = await play(shape);
    const resumed = await play(shape, { resumesAll: true });
    const problems = [...this.played.violations, ...resumed.violations];
    for (const { tool } of shape.leavesOpen ? [] : openRequests(this.played.events))
      problems.push(`nobody answers the call of ${tool}`);
    for (const [callId, count] of this.played.bodies)
      if (count !== 1) problems.push(`the body of call ${callId} ran ${count} times`);
    if (again.continuations[0] !== this.continuations) problems.push("two plays are not equal");
    const difference =
      differenceOf(shape, this.played, again) ?? differenceOf(shape, this.played, resumed);
    if (difference) problems.push(difference);
    return problems.map((problem) => ({ shape: shape.name, cuts: [], byId: false, problem }));
  }

  /** The script with worlds that end. */
  async cut(
    cuts: readonly number[],
    { resumesById = false }: { resumesById?: boolean } = {},
  ): Promise<{ played: Played; difference: CutDifference | undefined }> {
    const played = await play(this.shape, { cuts, resumesById });
    const problem =
      played.violations[0] ?? differenceOf(this.shape, this.played, played, cuts.length);
    return {
      played,
      difference:
        problem === undefined
          ? undefined
          : { shape: this.shape.name, cuts, byId: resumesById, problem },
    };
  }
}
