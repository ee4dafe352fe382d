import type { AuthConfig } from "../auth/auth-config.ts";
import type { Content } from "../content/content.ts";

/** A person's approval or rejection of a tool call, or the request for one. */
export class ToolConfirmation {
  /** What the person is asked. */
  hint?: string | undefined;
  confirmed: boolean;
  /** Data of the tool's own, to and from the person. */
  payload?: unknown;
  /**
   * Set where the call was interrupted and the person is asked whether to repeat it (`onRepeat: "ask"`): the number of the
   * attempt that this would be.
   */
  attempt?: number | undefined;

  constructor({
    hint,
    confirmed,
    payload,
  }: Pick<ToolConfirmation, "hint" | "confirmed" | "payload">) {
    if (hint !== undefined) this.hint = hint;
    this.confirmed = confirmed;
    if (payload !== undefined) this.payload = payload;
  }
}

/** A summary that stands in place of the events it covers. */
export interface EventCompaction {
  startTimestamp: number;
  endTimestamp: number;
  compactedContent: Content;
}

/** What an event does besides saying something. */
export interface EventActions {
  /** The function response is the answer: the model is not asked again. */
  skipSummarization?: boolean | undefined;
  /** Changed state keys, prefix included (`app:`, `user:`, `temp:` or none). `null` stores null. */
  stateDelta: Record<string, unknown>;
  /** Versions saved, by file name. */
  artifactDelta: Record<string, number>;
  transferToAgent?: string | undefined;
  transferReason?: string | undefined;
  /** Leaves the enclosing loop. */
  escalate?: boolean | undefined;
  requestedAuthConfigs: Record<string, AuthConfig>;
  requestedToolConfirmations: Record<string, ToolConfirmation>;
  compaction?: EventCompaction | undefined;
  endOfAgent?: boolean | undefined;
  /** Where a composed agent stands; keys as ADK for Python writes them (`current_sub_agent`, `times_looped`). */
  agentState?: Record<string, unknown> | undefined;
  rewindBeforeInvocationId?: string | undefined;
  route?: boolean | number | string | (boolean | number | string)[] | undefined;
  renderUiWidgets?: { id: string; provider?: string; payload?: unknown }[] | undefined;
  setModelResponse?: unknown;
}

/** Full actions from some of them. */
export function createEventActions(actions: Partial<EventActions> = {}): EventActions {
  return {
    stateDelta: {},
    artifactDelta: {},
    requestedAuthConfigs: {},
    requestedToolConfirmations: {},
    ...actions,
  };
}
