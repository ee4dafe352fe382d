import type { BaseSessionService } from "@adk/core";
import { fingerprint } from "../history/fingerprint.ts";
import type { Final, SessionLog } from "../history/operation.ts";
import { ownScope } from "./own-scope.ts";
import { OWNER } from "./worker.ts";

/** Everything that a store holds of these sessions, as a service that was never disturbed finds it. */
export async function readFinal(
  service: BaseSessionService,
  sessions: readonly string[],
): Promise<Final> {
  const logs: SessionLog[] = [];
  for (const session of sessions) {
    const found = await service.getSession({ ...OWNER, sessionId: session });
    if (!found) continue;
    const { incarnation, lastSequence, events, state } = found;
    logs.push({
      session,
      incarnation,
      lastSequence,
      events: events.map((event) => ({
        sequence: event.sequence ?? 0,
        id: event.id,
        data: fingerprint(event),
      })),
      state: ownScope(state),
    });
  }
  const prefixed = (values: Record<string, unknown>, prefix: string): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
  return {
    logs,
    user: prefixed(await service.getUserState(OWNER), "user:"),
    app: prefixed(await service.getAppState(OWNER), "app:"),
  };
}
