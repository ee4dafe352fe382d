/** The reader: `URI`. It follows the session from its first event, and says what it sees. */
import { createSessionService } from "@adk/core";
import { APP_NAME } from "./courier.ts";
import type { Said } from "./messages.ts";
import { ORDERS } from "./orders.ts";

process.once("disconnect", () => process.exit());
const [uri = ""] = process.argv.slice(2);
const sessions = await createSessionService(uri, { from: import.meta.url });
const say = (said: Said): void => void process.send?.(said);
say({ kind: "ready" });
const followed = sessions.subscribe({ appName: APP_NAME, ...ORDERS, afterSequence: 0 });
for await (const { sequence = 0, id } of followed) say({ kind: "event", sequence, id });
