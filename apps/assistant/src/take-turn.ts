import { AdkError, type Event, type Runner, StreamingMode } from "@adk/core";

export interface TurnRequest {
  readonly runner: Runner;
  readonly userId: string;
  readonly sessionId: string;
  readonly text: string;
  readonly abortSignal: AbortSignal;
  /** The session is being run by somebody else, whose lease ends in so many milliseconds unless it is renewed. */
  readonly onBusy: (expiresInMs: number) => void;
}

const TTL_MS = 5_000;
const WAIT_MS = 3_600_000;

/** The events of one turn. While somebody else runs the session, it waits in line. */
export async function* takeTurn(request: TurnRequest): AsyncGenerator<Event, void, undefined> {
  const { runner, userId, sessionId, text, abortSignal, onBusy } = request;
  for (;;)
    try {
      yield* runner.runAsync({
        userId,
        sessionId,
        newMessage: { role: "user", parts: [{ text }] },
        runConfig: { streamingMode: StreamingMode.SSE },
        abortSignal,
      });
      return;
    } catch (error) {
      // It comes before anything is written, so the message can be sent again.
      if (!AdkError.isInstance(error, "SESSION_BUSY")) throw error;
      onBusy(Number(error.details["expiresInMs"] ?? 0));
      await untilFree(request);
    }
}

async function untilFree({ runner, userId, sessionId, abortSignal }: TurnRequest): Promise<void> {
  const lease = await runner.sessionService.acquireLease({
    appName: runner.appName,
    userId,
    sessionId,
    owner: "assistant",
    ttlMs: TTL_MS,
    waitMs: WAIT_MS,
    signal: abortSignal,
  });
  await lease.release();
}
