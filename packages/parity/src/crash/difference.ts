import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { firstDifference } from "./first-difference.ts";
import type { Shape } from "./shape.ts";

/** What is compared of two plays of a script. */
export interface Comparable {
  readonly outcome: JsonObject;
  /** How often the body of a tool ran, by call, and a model was asked, by agent. */
  readonly bodies: ReadonlyMap<string, number>;
  readonly modelCalls: ReadonlyMap<string, number>;
}

/** What a play has otherwise than the undisturbed one, or nothing. */
export function differenceOf(
  shape: Shape,
  undisturbed: Comparable,
  played: Comparable,
  cuts: number = 0,
): string | undefined {
  const difference = firstDifference(
    shape.isEager ? essence(undisturbed.outcome) : undisturbed.outcome,
    shape.isEager ? essence(played.outcome) : played.outcome,
  );
  if (difference)
    return `${difference.path}: expected ${short(difference.expected)}, found ${short(difference.found)}`;
  const bodies = undisturbed.bodies.size;
  const found = played.bodies.size;
  if (shape.isEager ? found > bodies : found !== bodies)
    return `the bodies of ${found} calls ran, expected ${bodies}`;
  const most = Math.max(0, ...played.bodies.values());
  if (most > 1 + cuts)
    return `the body of a call ran ${most} times, expected once, and once more a cut`;
  for (const [agent, count] of played.modelCalls) {
    const expected = undisturbed.modelCalls.get(agent) ?? 0;
    if (count > expected + cuts)
      return `the model of ${agent} was asked ${count} times, expected ${expected}, and once more a cut`;
  }
  return undefined;
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
