// The session service by itself: create, append, read, the last events only, list, delete.
import {
  InMemorySessionService,
  createEvent,
  createEventActions,
  isFinalResponse,
} from "@google/adk";
import type { BaseSessionService } from "@google/adk";

const service: BaseSessionService = new InMemorySessionService();
const key = { appName: "notes", userId: "ann", sessionId: "s1" };

const session = await service.createSession({ ...key, state: { topic: "tea" } });
console.log(session.id, session.appName, session.userId, JSON.stringify(session.state));

for (const [index, text] of ["one", "two", "three"].entries()) {
  const event = createEvent({
    author: index === 1 ? "user" : "agent",
    invocationId: "i1",
    content: { role: "model", parts: [{ text }] },
    actions: createEventActions({ stateDelta: { last: text, [`n${index}`]: index } }),
  });
  const stored = await service.appendEvent({ session, event });
  console.log(stored.author, stored.content?.parts?.[0]?.text, isFinalResponse(stored));
}
console.log("handle", session.events.length, JSON.stringify(session.state));

const read = await service.getSession(key);
console.log("stored", read?.events.length, JSON.stringify(read?.state));
console.log("same object", read === session);
const recent = await service.getSession({ ...key, config: { numRecentEvents: 2 } });
console.log("recent", recent?.events.map((event) => event.content?.parts?.[0]?.text).join(" "));

const partial = createEvent({ author: "agent", invocationId: "i1", partial: true });
await service.appendEvent({ session, event: partial });
console.log("after a partial", (await service.getSession(key))?.events.length);

await service.createSession({ appName: "notes", userId: "ann", sessionId: "s2" });
await service.createSession({ appName: "notes", userId: "bob", sessionId: "s3" });
await service.createSession({ appName: "other", userId: "ann", sessionId: "s4" });
const existing = await service.getOrCreateSession({ ...key, state: { topic: "coffee" } });
console.log("existing", JSON.stringify(existing.state["topic"]));

const ids = async (userId?: string): Promise<string> => {
  const { sessions } = await service.listSessions({
    appName: "notes",
    ...(userId ? { userId } : {}),
  });
  return sessions
    .map(({ id, events }) => `${id}(${events.length})`)
    .toSorted()
    .join(" ");
};
console.log("of ann", await ids("ann"));
console.log("of all", await ids());

await service.deleteSession(key);
await service.deleteSession(key);
console.log("deleted", await service.getSession(key), await ids());
