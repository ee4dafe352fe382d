import {
  BaseSessionService,
  createEvent,
  InMemorySessionStore,
  type CreateEventParams,
  type Event,
  type Session,
} from "@adk/core";
import { randomBytes } from "node:crypto";
import { KEY } from "./sessions-bench.ts";

/** What no database compresses. */
export const CONTENT: string = randomBytes(750).toString("base64");

/** What makes an event of 1 KB, for either package. */
export function eventParams(
  invocationId: string = "e-1",
  text: string = CONTENT,
): CreateEventParams {
  return { author: "agent", invocationId, content: { role: "model", parts: [{ text }] } };
}

export const newEvent = (): Event => createEvent(eventParams());

/** The very bytes that our stores keep of such an event: what a bare driver writes. */
export async function storedBytes(): Promise<string> {
  const store = new InMemorySessionStore();
  await using service = new BaseSessionService(store);
  const session: Session = await service.createSession(KEY);
  await service.appendEvent({ session, event: newEvent() });
  const snapshot = await store.read({ ...KEY, sessionId: session.id, events: {} });
  return snapshot!.events[0]!.data;
}
