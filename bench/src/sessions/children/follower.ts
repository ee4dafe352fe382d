// Follows sessions in a process of its own. Started by delivery.ts: fork("follower.ts", [store, url, place]).
// Messages in: { follow: ids }, { idle: milliseconds }. Out: "following", { latencyMs }, { statements }.
import { openStore, type StoreName } from "../stores.ts";
import { KEY } from "../sessions-bench.ts";

const [name, url = "", place = ""] = process.argv.slice(2);
const { service, statements } = openStore(name as StoreName, url, place);

async function follow(sessionId: string): Promise<void> {
  for await (const event of service.subscribe({ ...KEY, sessionId, afterSequence: 0 })) {
    const receivedAt = process.hrtime.bigint();
    const sentAt = /^\d+/.exec(event.content?.parts?.[0]?.text ?? "")?.[0];
    if (sentAt !== undefined)
      process.send?.({ latencyMs: Number(receivedAt - BigInt(sentAt)) / 1e6 });
  }
}

process.on("message", (message: { follow?: string[]; idle?: number }) => {
  for (const sessionId of message.follow ?? []) void follow(sessionId);
  if (message.idle === undefined) return;
  const before = statements();
  setTimeout(() => process.send?.({ statements: statements() - before }), message.idle);
});
process.on("disconnect", () => process.exit());
