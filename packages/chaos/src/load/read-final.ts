import type { BaseSessionService } from "@adk/core";
import { fingerprint } from "../history/fingerprint.ts";
import type { Final, SessionLog } from "../history/operation.ts";
import { ownScope } from "./own-scope.ts";
import { APP_NAME } from "./worker.ts";

/** Everything that a store holds of these sessions, as a service that was never disturbed finds it. */
export async function readFinal(
  service: BaseSessionService,
  sessions: ReadonlyMap<string, string>,
): Promise<Final> {
  const logs: SessionLog[] = [];
  for (const [session, userId] of sessions) {
    const found = await service.getSession({ appName: APP_NAME, userId, sessionId: session });
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
  const user: Record<string, unknown> = {};
  for (const userId of new Set(sessions.values()))
    Object.assign(
      user,
      prefixed(await service.getUserState({ appName: APP_NAME, userId }), "user:"),
    );
  return { logs, user, app: prefixed(await service.getAppState({ appName: APP_NAME }), "app:") };
}
