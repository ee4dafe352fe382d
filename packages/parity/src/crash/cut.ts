import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { firstDifference } from "./first-difference.ts";
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
      this.#difference(again, []) ?? this.#difference({ ...resumed, violations: [] }, []);
    if (difference) problems.push(difference);
    return problems.map((problem) => ({ shape: shape.name, cuts: [], byId: false, problem }));
  }

  /** The script with worlds that end. */
  async cut(
    cuts: readonly number[],
    { resumesById = false }: { resumesById?: boolean } = {},
  ): Promise<{ played: Played; difference: CutDifference | undefined }> {
    const played = await play(this.shape, { cuts, resumesById });
    const problem = played.violations[0] ?? this.#difference(played, cuts);
    return {
      played,
      difference:
        problem === undefined
          ? undefined
          : { shape: this.shape.name, cuts, byId: resumesById, problem },
    };
  }

  #difference(played: Played, cuts: readonly number[]): string | undefined {
    const { shape } = this;
    const difference = firstDifference(
      shape.isEager ? essence(this.played.outcome) : this.played.outcome,
      shape.isEager ? essence(played.outcome) : played.outcome,
    );
    if (difference)
      return `${difference.path}: expected ${short(difference.expected)}, found ${short(difference.found)}`;
    const bodies = this.played.bodies.size;
    const found = played.bodies.size;
    if (shape.isEager ? found > bodies : found !== bodies)
      return `the bodies of ${found} calls ran, expected ${bodies}`;
    const most = Math.max(0, ...played.bodies.values());
    if (most > 1 + cuts.length)
      return `the body of a call ran ${most} times, expected once, and once more a cut`;
    for (const [agent, count] of played.modelCalls) {
      const expected = this.played.modelCalls.get(agent) ?? 0;
      if (count > expected + cuts.length)
        return `the model of ${agent} was asked ${count} times, expected ${expected}, and once more a cut`;
    }
    return undefined;
  }
}

/**
 * What an outcome comes to, where an answer may come before what its call has left: what the agents said and called, in order,
 * and the last response of each call.
 */
function essence(outcome: JsonObject): JsonObject {
  return { ...outcome, log: essenceOfLog(outcome["log"] as JsonObject) };
}

function essenceOfLog({ branches, runs }: JsonObject): JsonObject {
  const said: JsonObject = {};
  const responses: JsonObject = {};
  for (const [branch, events] of Object.entries(branches as JsonObject))
    said[branch] = objectsOf(events).filter((event) => {
      const parts = objectsOf(isObject(event["content"]) ? event["content"]["parts"] : undefined);
      for (const { functionResponse } of parts)
        if (isObject(functionResponse))
          responses[String(functionResponse["id"])] = functionResponse["response"] ?? null;
      return event["author"] !== "user" && !parts.some((part) => part["functionResponse"]);
    });
  const inside = Object.entries(runs as JsonObject).map(([callId, log]): [string, Json] => [
    callId,
    essenceOfLog(log as JsonObject),
  ]);
  return { said, responses, runs: Object.fromEntries(inside) };
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 399)}…` : text;
}
