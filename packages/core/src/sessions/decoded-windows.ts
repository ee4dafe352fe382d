import type { Event } from "../events/event.ts";
import { advancePending, type PendingCalls } from "../log/pending.ts";
import type { Encoded } from "./session-store.ts";

/** Decoded events of one life of a session, without gaps from `first` on. Grows with what is appended. */
export interface DecodedWindow {
  readonly name: string;
  readonly incarnation: string;
  readonly first: number;
  readonly events: Event[];
  pending: PendingCalls;
  /** What the header said of waiting calls when `pending` was counted. */
  headerPending: Encoded | undefined;
  isKept: boolean;
}

/**
 * Windows of recently used sessions, so that a turn decodes only what is new and not a whole history. An accelerator: it
 * holds stored, frozen events, and whoever reads checks it against what the store says.
 */
export class DecodedWindows {
  readonly #maxEvents: number;
  readonly #windows: Map<string, DecodedWindow> = new Map();
  #size = 0;

  /** @param maxEvents over all sessions; 0 keeps nothing. */
  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  get(name: string): DecodedWindow | undefined {
    return this.#windows.get(name);
  }

  /** Keeps a window as the most recently used one, in place of an older one of that session. */
  keep(window: DecodedWindow): void {
    if (this.#windows.get(window.name) !== window) {
      this.forget(window.name);
      window.isKept = true;
      this.#size += cost(window);
    } else this.#windows.delete(window.name);
    this.#windows.set(window.name, window);
    this.#shrink();
  }

  /** Adds the event that follows, if it does. */
  extend(window: DecodedWindow, event: Event): void {
    if (event.sequence !== window.first + window.events.length) return;
    window.events.push(event);
    window.pending = advancePending(window.pending, event, window.events);
    if (!window.isKept) return;
    this.#size++;
    this.#shrink();
  }

  forget(name: string): void {
    const window = this.#windows.get(name);
    if (!window) return;
    this.#windows.delete(name);
    window.isKept = false;
    this.#size -= cost(window);
  }

  #shrink(): void {
    for (const name of this.#windows.keys()) {
      if (this.#size <= this.#maxEvents) return;
      this.forget(name);
    }
  }
}

/** An empty window is not free. */
function cost(window: DecodedWindow): number {
  return window.events.length + 1;
}
