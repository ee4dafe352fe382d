import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { describe } from "../internal/check-options.ts";
import { cloneJson, equalJson, setOwn } from "../internal/json.ts";
import type { BasePlugin } from "./base-plugin.ts";
import { pluginFailed } from "./plugin-failed.ts";

/** What is stored and shown of an event. */
export interface Redacted {
  /** Pieces to be shown before it: all there is of a partial event, held-back text of a full one. */
  readonly pieces: readonly Event[];
  /** What is stored; `undefined` of a partial event. */
  readonly event: Event | undefined;
  /** The real arguments of the calls whose arguments were altered, by call id. */
  readonly callArguments: ReadonlyMap<string, Record<string, unknown>>;
}

/** The plugins that redact events, one after the other, each what the one before has left. */
export class Redaction {
  readonly #plugins: readonly BasePlugin[];

  constructor(plugins: readonly BasePlugin[]) {
    this.#plugins = plugins;
  }

  /** @throws AdkError `PLUGIN_FAILED`: nothing of the event may be stored or shown. */
  apply(event: Event): Redacted {
    const real = argumentsOf(event);
    const inside = event.toolRecord?.event && argumentsOf(event.toolRecord.event);
    let left: readonly Event[] = [event];
    for (const plugin of this.#plugins)
      left = left.flatMap((one) => {
        try {
          return redactedBy(plugin, one);
        } catch (error) {
          throw pluginFailed(plugin, "redact", error);
        }
      });
    if (event.partial) return { pieces: left, event: undefined, callArguments: new Map() };
    const pieces = left.slice(0, -1);
    let stored = left.at(-1) as Event;
    const altered = alteredCalls(real, stored);
    stored = marked(stored, altered.keys());
    const { toolRecord } = stored;
    if (inside && toolRecord?.event) {
      const nested = marked(toolRecord.event, alteredCalls(inside, toolRecord.event).keys());
      stored = { ...stored, toolRecord: { ...toolRecord, event: nested } };
    }
    return { pieces, event: stored, callArguments: altered };
  }

  /** The event as one that comes whole: nothing of it is held back, and nothing that was held back is released. */
  whole(event: Event): Event {
    const { partial, ...rest } = event;
    const { event: redacted = event } = this.apply(rest);
    return partial === undefined ? redacted : { ...redacted, partial };
  }
}

/** @throws what the plugin throws; AdkError `INVALID_ARGUMENT` for something that cannot stand for the event. */
function redactedBy(plugin: BasePlugin, event: Event): readonly Event[] {
  const given: unknown = plugin.redact(event);
  if (!Array.isArray(given) || !given.every(isEvent))
    throw refused(`it returned ${describe(given)}`, "Return a list of events, synchronously");
  const whole = (given as Event[]).filter(({ partial }) => !partial);
  const isFitting = event.partial
    ? whole.length === 0
    : whole.length === 1 && !(given as Event[]).at(-1)?.partial;
  if (!isFitting)
    throw refused(
      `it returned ${given.length} events, ${whole.length} of them not partial`,
      "Return partial events for a partial one; for any other the redacted event last, after pieces that were held back",
    );
  return (given as Event[]).map((one) => {
    if (!event.partial && !one.partial) checkCalls(event, one);
    return sameEvent(event, one);
  });
}

function isEvent(value: unknown): boolean {
  return typeof (value as Partial<Event> | null | undefined)?.actions === "object";
}

/** Which event it is cannot be redacted, nor state with `temp:`, which is neither stored nor shown. */
function sameEvent(event: Event, redacted: Event): Event {
  const { id, invocationId, author, timestamp, actions } = event;
  const same: Event = { ...redacted, id, invocationId, author, timestamp };
  const temporary = Object.keys(actions.stateDelta).filter((key) => key.startsWith("temp:"));
  if (temporary.length === 0) return same;
  const stateDelta = { ...redacted.actions.stateDelta };
  for (const key of temporary) setOwn(stateDelta, key, actions.stateDelta[key]);
  return { ...same, actions: { ...redacted.actions, stateDelta } };
}

/** @throws AdkError `INVALID_ARGUMENT` when calls or responses are not the same, but for their arguments and results. */
function checkCalls(event: Event, redacted: Event): void {
  const isSame =
    equalJson(getFunctionCalls(event).map(identity), getFunctionCalls(redacted).map(identity)) &&
    equalJson(
      getFunctionResponses(event).map(identity),
      getFunctionResponses(redacted).map(identity),
    ) &&
    event.toolRecord?.callId === redacted.toolRecord?.callId;
  if (!isSame)
    throw refused(
      "it took a function call or response away, added one, or renamed it",
      "Change arguments and results only",
    );
  const [inner, innerRedacted] = [event.toolRecord?.event, redacted.toolRecord?.event];
  if (inner && innerRedacted) checkCalls(inner, innerRedacted);
}

function identity({ id, name }: { id?: string; name?: string }): [string, string] {
  return [id ?? "", name ?? ""];
}

function refused(what: string, next: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${what}. ${next}.`);
}

/** Copies: a plugin may have edited the event itself. */
function argumentsOf(event: Event): [callId: string, args: Record<string, unknown>][] {
  return getFunctionCalls(event).map(({ id = "", args = {} }) => [id, cloneJson(args)]);
}

function alteredCalls(
  real: readonly [string, Record<string, unknown>][],
  redacted: Event,
): Map<string, Record<string, unknown>> {
  const calls = getFunctionCalls(redacted);
  return new Map(real.filter(([, args], index) => !equalJson(args, calls[index]?.args ?? {})));
}

function marked(event: Event, callIds: Iterable<string>): Event {
  const redactedCalls = [...new Set([...(event.redactedCalls ?? []), ...callIds])];
  return redactedCalls.length === 0 ? event : { ...event, redactedCalls };
}
