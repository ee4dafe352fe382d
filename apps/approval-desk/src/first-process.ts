/**
 * The process that is killed: `first-process.ts SESSIONS BANK`. Ann writes; when the clerk's request for a person is stored it
 * says `asked`, and is in the middle of its run from then on. It says `answered` when nobody was asked.
 */
import { ANN, ANN_WRITES } from "./ann.ts";
import { Bank } from "./bank.ts";
import { createDesk } from "./desk.ts";
import { openDesk } from "./open-desk.ts";

// Who listens to this stays alive, and does not outlive the one who started it.
process.once("disconnect", () => process.exit());
const [sessions = "", books = ""] = process.argv.slice(2);
const runner = await openDesk(createDesk(new Bank(books)), sessions);
const newMessage = { role: "user", parts: [{ text: ANN_WRITES }] };
for await (const event of runner.runAsync({ ...ANN, newMessage })) {
  if (!event.longRunningToolIds?.length) continue;
  process.send?.("asked");
  // Alive, until somebody ends it: the lease on the session is renewed meanwhile.
  await new Promise<never>(() => undefined);
}
process.send?.("answered");
