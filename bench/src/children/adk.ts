import type * as core from "@adk/core";
import type { BaseLlm, BaseSessionService, LlmResponse, Session } from "@adk/core";

/** Either package: the peer has what is used here under the same names. */
export type Adk = typeof core;

/** The package this process was started for. */
export async function loadAdk(): Promise<Adk> {
  const adk = (await import(process.argv[2] ?? "@adk/core")) as Adk & {
    setLogger?: (logger: null) => void;
  };
  adk.setLogger?.(null);
  return adk;
}

export const text = (words: string): LlmResponse => ({
  content: { role: "model", parts: [{ text: words }] },
});

export const message = (words: string): { role: string; parts: { text: string }[] } => ({
  role: "user",
  parts: [{ text: words }],
});

/** A model that answers the n-th call since the last `start()` with the n-th list of responses. */
export function scripted(
  adk: Adk,
  answers: readonly (readonly LlmResponse[])[],
): BaseLlm & { start(): void } {
  return new (class extends adk.BaseLlm {
    #calls = 0;
    start(): void {
      this.#calls = 0;
    }
    override async *generateContentAsync(): AsyncGenerator<LlmResponse, void, undefined> {
      yield* answers[this.#calls++] ?? [];
    }
    async connect(): Promise<never> {
      throw new Error("not live");
    }
  })({ model: "scripted" });
}

export const KEY = { appName: "bench", userId: "u" };

/** A session with this many short events, appended one by one. */
export async function filled(
  adk: Adk,
  service: BaseSessionService,
  count: number,
): Promise<Session> {
  const session = await service.createSession(KEY);
  for (let index = 0; index < count; index++)
    await service.appendEvent({
      session,
      event: adk.createEvent({
        author: index % 2 === 0 ? "user" : "agent",
        invocationId: `e-${index >> 1}`,
        content: {
          role: index % 2 === 0 ? "user" : "model",
          parts: [{ text: `This is message number ${index}.` }],
        },
      }),
    });
  return session;
}

/** Hands the result to the parent and ends. */
export function report(result: unknown): void {
  process.send?.(result, () => process.exit());
}
