import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { describe } from "../internal/check-options.ts";
import { replacedEvent } from "../plugins/replaced-event.ts";
import type { HeaderChange } from "../sessions/requests.ts";
import type { SessionLease } from "../sessions/lease.ts";
import type { HandOff } from "./hand-off.ts";

/**
 * The one way into the store during a run, and the one way to the caller.
 *
 * An agent's event passes the plugins, is stored unless it is partial, and is handed over. A record is only stored.
 */
export class Commits {
  readonly #context: InvocationContext;
  readonly #lease: SessionLease;
  readonly #handOff: HandOff;
  /** Whether this run has stored anything, which opens its invocation. */
  #opened = false;

  constructor(context: InvocationContext, lease: SessionLease, handOff: HandOff) {
    this.#context = context;
    this.#lease = lease;
    this.#handOff = handOff;
  }

  /** Whether the invocation is open by this run: it must be ended with its lease. */
  get hasOpened(): boolean {
    return this.#opened;
  }

  /** Stores an agent's event and hands it over. Resolves when the run may go on. */
  async event(event: Event): Promise<void> {
    checkYielded(event);
    const { pluginManager, runConfig, invocation } = this.#context;
    const written = event.partial ? {} : { ...event.actions.stateDelta };
    let shown = withMetadata(event, runConfig.customMetadata);
    if (pluginManager.has("onEventCallback")) {
      const answer = await pluginManager.first("onEventCallback", {
        invocationContext: this.#context,
        event: shown,
      });
      if (answer) shown = replacedEvent(shown, answer);
    }
    if (shown.partial) return await this.#showPiece(shown);
    const stored = await this.#append(await this.#redacted(shown));
    invocation.state.settled(written, event.stateRemoved);
    await this.#show(stored);
  }

  /** Stores an event that no plugin sees; `shown`: hands it over too. */
  async record(event: Event, shown = false): Promise<Event> {
    const { runConfig, pluginManager } = this.#context;
    const record = withMetadata(event, runConfig.customMetadata);
    const stored = await this.#append(pluginManager.redaction?.apply(record).event ?? record);
    this.#context.invocation.state.settled(event.actions.stateDelta, event.stateRemoved);
    if (shown) await this.#show(stored);
    return stored;
  }

  /**
   * Stores a summary of events together with what the header says after it. It belongs to no invocation and opens none.
   *
   * @returns whether this one is stored: somebody else may have summed up the same events.
   */
  async summary(event: Event, header: HeaderChange): Promise<boolean> {
    try {
      await this.#send(event, header);
      return true;
    } catch (error) {
      if (AdkError.isInstance(error, "EVENT_ID_CONFLICT")) return false;
      throw this.#fatal(error, event);
    }
  }

  /** The event as it is stored; shows what was held back of its pieces. Its tools get the real arguments. */
  async #redacted(event: Event): Promise<Event> {
    const { pluginManager, invocation } = this.#context;
    const redacted = pluginManager.redaction?.apply(event);
    if (redacted?.event === undefined) return event;
    for (const [callId, args] of redacted.callArguments) invocation.callArguments.set(callId, args);
    for (const piece of redacted.pieces) await this.#show(piece);
    return redacted.event;
  }

  /** Hands an event over that was redacted, as the plugins let the caller see it. What they have changed is redacted again. */
  async #show(event: Event): Promise<void> {
    const view = await this.#view(event);
    const { redaction } = this.#context.pluginManager;
    if (view) await this.#handOff.put(redaction && view !== event ? redaction.whole(view) : view);
  }

  /** Hands a partial event over; a plugin may hold it back. */
  async #showPiece(event: Event): Promise<void> {
    const view = await this.#view(event);
    if (!view) return;
    const { redaction } = this.#context.pluginManager;
    for (const piece of redaction?.apply(view).pieces ?? [view]) await this.#handOff.put(piece);
  }

  /** `undefined` when the caller is not to see it. */
  async #view(event: Event): Promise<Event | undefined> {
    const { pluginManager } = this.#context;
    if (!pluginManager.has("beforeYieldCallback")) return event;
    return await pluginManager.view({ invocationContext: this.#context, event });
  }

  async #append(event: Event): Promise<Event> {
    const header: HeaderChange = {};
    if (!this.#opened) header.invocationId = this.#context.invocationId;
    try {
      const stored = await this.#send(event, header);
      this.#opened = true;
      return stored;
    } catch (error) {
      throw this.#fatal(error, event);
    }
  }

  async #send(event: Event, header: HeaderChange): Promise<Event> {
    const { session, sessionService } = this.#context;
    return await sessionService.appendEvent({ session, event, lease: this.#lease, header });
  }

  /** Notes that the store refused, and whose event it was. */
  #fatal(error: unknown, { author, branch }: Event): unknown {
    const { fatalErrors, failures } = this.#context.invocation;
    if (typeof error === "object" && error !== null) fatalErrors.add(error);
    if (!failures.has(error)) failures.set(error, { author, branch });
    return error;
  }
}

/** @throws AdkError `INVALID_ARGUMENT` for something that an agent yielded as an event. */
function checkYielded(event: unknown): void {
  const { actions } = (event ?? {}) as Partial<Event>;
  if (typeof actions !== "object" || actions === null)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `An agent yielded ${describe(event)}, which is no event. Make events with createEvent({ author, invocationId, branch, content }).`,
    );
}

/** The run's metadata under the event's own. */
function withMetadata(event: Event, metadata: Record<string, unknown> | undefined): Event {
  return metadata ? { ...event, customMetadata: { ...metadata, ...event.customMetadata } } : event;
}
