import { BudgetPlugin } from "@adk/plugins/budget";
import { RedactionPlugin } from "@adk/plugins/redaction";
import { ReflectAndRetryToolPlugin } from "@adk/plugins/reflect-and-retry";

/** Calls of the model that a run may make. */
export const MAX_CALLS = 4;
/** Tokens that a session may spend. */
export const MAX_TOKENS = 20_000;

export interface Guards {
  readonly budget: BudgetPlugin;
  readonly redaction: RedactionPlugin;
  readonly retries: ReflectAndRetryToolPlugin;
}

/** The three, new: what they need to know stands in the log. */
export function createGuards(): Guards {
  return {
    budget: new BudgetPlugin({
      run: { maxCalls: MAX_CALLS },
      session: { maxTokens: MAX_TOKENS },
      maxAnswerTokens: 500,
    }),
    redaction: new RedactionPlugin({ rules: [/sk-live-[0-9a-f]{8,}/] }),
    retries: new ReflectAndRetryToolPlugin({ maxRetries: 2 }),
  };
}
