import {
  type Content,
  createEvent,
  type CreateEventParams,
  type Event,
  type InvocationContext,
  type Part,
} from "@adk/core";
import { plain } from "./plain.ts";

/** Stands in place of what a plugin could not redact: the run fails of that by itself. */
const WITHHELD = "[not shown: it could not be redacted]";

/** State of a single run. */
const TEMPORARY = "temp:";

/**
 * What happens in a run as its log has it. Hooks get what was there before; an observer that writes it down elsewhere asks here
 * first, so that the plugins of the app that redact do so there too, whatever their place among the plugins.
 */
export class AsStored {
  readonly #redaction: InvocationContext["pluginManager"]["redaction"];
  readonly #origin: Pick<Event, "invocationId" | "author" | "branch">;

  /** @param author whose words they are. @defaultValue the context's agent, on its branch */
  constructor(context: InvocationContext, author?: "user") {
    const { pluginManager, agent, branch, invocationId } = context;
    this.#redaction = pluginManager.redaction;
    this.#origin = author
      ? { invocationId, author }
      : { invocationId, author: agent.name, ...(branch === undefined ? {} : { branch }) };
  }

  /** An event of that author with these members, as the log would have it. */
  made(members: CreateEventParams): Event {
    return createEvent({ ...members, ...this.#origin });
  }

  /** A full event. */
  event(event: Event): Event {
    if (!this.#redaction) return event;
    const { stateDelta } = event.actions;
    const redacted = this.#whole(event);
    // What is in no log the log's redaction leaves alone.
    if (!Object.keys(stateDelta).some((key) => key.startsWith(TEMPORARY))) return redacted;
    return { ...redacted, actions: { ...redacted.actions, stateDelta: this.state(stateDelta) } };
  }

  content<C extends Content | undefined>(content: C): C {
    if (!this.#redaction || content === undefined) return content;
    return this.#whole(this.made({ content })).content as C;
  }

  /** A message of an error. */
  text(text: string): string {
    if (!this.#redaction) return text;
    return this.#whole(this.made({ errorMessage: text })).errorMessage ?? WITHHELD;
  }

  /** The code with which a model has answered. */
  errorCode(errorCode: string | undefined): string | undefined {
    if (!this.#redaction || errorCode === undefined) return errorCode;
    return this.#whole(this.made({ errorCode })).errorCode ?? WITHHELD;
  }

  /** Arguments of a call, as data. */
  args(name: string, args: Record<string, unknown>): unknown {
    const copy = plain(args) as Record<string, unknown>;
    if (!this.#redaction) return copy;
    return this.#part({ functionCall: { name, args: copy } })?.functionCall?.args ?? WITHHELD;
  }

  /** What a tool has returned, as data. */
  result(name: string, result: unknown): unknown {
    const copy = plain(result);
    if (!this.#redaction) return copy;
    if (isRecord(copy)) return this.#response(name, copy) ?? WITHHELD;
    const response = this.#response(name, { result: copy });
    return response ? Object.values(response)[0] : WITHHELD;
  }

  /** Any other value, as data. */
  value(value: unknown): unknown {
    return this.result("value", value);
  }

  /** State, also that of a single run, as data. */
  state(state: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const copy = plain(state) as Record<string, unknown>;
    if (!this.#redaction) return copy;
    const members = Object.entries(copy);
    const isTemporary = ([name]: [string, unknown]): boolean => name.startsWith(TEMPORARY);
    const stateDelta = Object.fromEntries(members.filter((member) => !isTemporary(member)));
    return {
      ...this.#whole(this.made({ actions: { stateDelta } })).actions.stateDelta,
      ...this.#response("state", Object.fromEntries(members.filter(isTemporary))),
    };
  }

  /** What is shown in place of an event: of one that is `partial` as much as can be. Pieces and the whole share an id. */
  shown(event: Event): readonly Event[] {
    try {
      const { pieces, event: whole } = this.#redaction?.apply(event) ?? { pieces: [], event };
      return whole ? [...pieces, whole] : pieces;
    } catch {
      return [withheld(event)];
    }
  }

  #response(name: string, response: Record<string, unknown>): object | undefined {
    return this.#part({ functionResponse: { name, response } })?.functionResponse?.response;
  }

  #part(part: Part): Part | undefined {
    return this.#whole(this.made({ content: { parts: [part] } })).content?.parts?.[0];
  }

  #whole(event: Event): Event {
    // Under its own id it would end the pieces of the answer that is on its way to the caller.
    const [redacted = withheld(event)] = this.shown({ ...event, id: createEvent().id }).slice(-1);
    return { ...redacted, id: event.id };
  }
}

/** What a function response takes as it is; the engine puts `{ result }` around anything else. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withheld({ id, invocationId, author, timestamp, partial }: Event): Event {
  const content: Content = { parts: [{ text: WITHHELD }] };
  return createEvent({ id, invocationId, author, timestamp, partial, content });
}
