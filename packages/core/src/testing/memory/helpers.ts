import { createEvent, type Event } from "../../events/event.ts";
import type { BaseMemoryService, MemoryEntry } from "../../memory/base-memory-service.ts";
import type { Session } from "../../sessions/session.ts";

export const USER = { appName: "app", userId: "user" } as const;

export function said(id: string, text: string, author: string = "user"): Event {
  return createEvent({
    id,
    author,
    invocationId: "e-1",
    timestamp: 1_700_000_000_000,
    content: { role: "user", parts: [{ text }] },
  });
}

/** A session as a session service hands it out. */
export function sessionOf(id: string, events: Event[], more: Partial<Session> = {}): Session {
  return {
    ...USER,
    id,
    events,
    state: {},
    lastUpdateTime: 1,
    createTime: 1,
    lastSequence: events.length,
    firstSequence: 1,
    incarnation: "i",
    pendingCalls: {},
    ...more,
  };
}

export function entry(text: string, more: Partial<MemoryEntry> = {}): MemoryEntry {
  return { content: { role: "user", parts: [{ text }] }, ...more };
}

/** The texts that a query finds, in their order. */
export async function found(
  service: BaseMemoryService,
  query: string,
  more: { userId?: string; appName?: string; limit?: number } = {},
): Promise<string[]> {
  const { memories } = await service.searchMemory({ ...USER, query, ...more });
  return memories.map(({ content }) => content.parts?.[0]?.text ?? "");
}
