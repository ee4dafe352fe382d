import { createEvent, type BaseSessionService, type Event } from "@adk/core";
import { expect } from "vitest";

/** What was acknowledged, in the order of the acknowledgements. */
export interface Acknowledged {
  readonly sessionId: string;
  readonly text: string;
  readonly sequence: number;
}

export interface WritersOptions {
  readonly appName: string;
  readonly userId: string;
  readonly sessions: number;
  readonly writers: number;
}

/** Writers that append one event after the other until they are stopped; one whose outcome is unknown they send again. */
export class Writers {
  readonly acknowledged: Acknowledged[] = [];
  readonly #options: WritersOptions;
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  readonly #running: Promise<void>[] = [];
  #isStopping = false;

  constructor(service: BaseSessionService, options: WritersOptions) {
    this.#options = options;
    for (let writer = 0; writer < options.writers; writer++)
      this.#running.push(this.#write(service, writer));
  }

  /** When so many more were acknowledged. */
  async more(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count: this.acknowledged.length + count, resolve });
    await Promise.race([promise, ...this.#running]);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running);
  }

  async #write(service: BaseSessionService, writer: number): Promise<void> {
    const { appName, userId, sessions } = this.#options;
    const sessionId = `s${writer % sessions}`;
    const session = await service.getOrCreateSession({ appName, userId, sessionId });
    for (let n = 1; !this.#isStopping; n++) {
      const text = `${writer}:${n}`;
      const event = said(text, { [`w${writer}`]: n, [`user:${writer}`]: n, [`app:${writer}`]: n });
      const stored = await repeated(async () => await service.appendEvent({ session, event }));
      this.acknowledged.push({ sessionId, text, sequence: stored.sequence ?? 0 });
      for (const { count, resolve } of this.#waiting)
        if (this.acknowledged.length >= count) resolve();
    }
  }
}

export function said(text: string, stateDelta: Record<string, unknown> = {}): Event {
  const content = { role: "user", parts: [{ text }] };
  return createEvent({ author: "user", invocationId: "e", content, actions: { stateDelta } });
}

/** @param event also what an iterator gives; at its end it has no text. */
export function textOf(event: Event | void): string | undefined {
  return event?.content?.parts?.[0]?.text;
}

/** What was acknowledged is stored once, where it was said to be, in each writer's order; and the state is its last. */
export async function verifyLog(
  service: BaseSessionService,
  writers: Writers,
  { appName, userId, sessions }: WritersOptions,
): Promise<void> {
  for (let n = 0; n < sessions; n++) {
    const sessionId = `s${n}`;
    const session = await service.getSession({ appName, userId, sessionId });
    const texts = session!.events.map((event) => textOf(event) ?? "");
    expect(new Set(texts).size, "stored twice").toBe(texts.length);
    expect(session!.lastSequence).toBe(texts.length);
    const own = writers.acknowledged.filter((each) => each.sessionId === sessionId);
    expect(own.filter(({ text, sequence }) => texts[sequence - 1] !== text)).toEqual([]);
    const last = new Map<string, number>();
    for (const text of texts) {
      const [writer = "", count = ""] = text.split(":");
      expect(Number(count)).toBe((last.get(writer) ?? 0) + 1);
      last.set(writer, Number(count));
    }
    for (const [writer, count] of last)
      for (const key of [`w${writer}`, `user:${writer}`, `app:${writer}`])
        expect(session!.state[key], key).toBe(count);
  }
}

async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { retryable } = error as { retryable?: boolean };
      if (!retryable || attempt > 20) throw error;
    }
  }
}

/** The first of many names for which it is so. */
export async function firstOf(isSo: (name: string) => Promise<boolean>): Promise<string> {
  for (let n = 0; ; n++) if (await isSo(`user${n}`)) return `user${n}`;
}
