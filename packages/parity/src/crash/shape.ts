import type { App } from "@adk/core";
import type { Kit } from "./kit.ts";

/** Answers one call that waits: the first open one of the tool. */
export interface Pick {
  readonly tool: string;
  readonly response: Record<string, unknown>;
}

/** One request of a script; without text and answers, one to go on. */
export interface Step {
  readonly invocationId: string;
  readonly text?: string;
  readonly answers?: readonly Pick[];
  readonly stateDelta?: Record<string, unknown>;
  readonly streams?: boolean;
  /** Time that passes before it, in milliseconds. */
  readonly afterMs?: number;
  /** Answers with `runner.answer`, which takes an answer once: after a cut the run is resumed where that says so. */
  readonly isOnce?: boolean;
}

/** An app and what is asked of it. */
export interface Shape {
  readonly name: string;
  readonly app: (kit: Kit) => App;
  readonly steps: readonly Step[];
  /** Whether calls that nobody answers are left at the end. */
  readonly leavesOpen?: boolean;
  /** After a cut, what the next step answers is answered at once when it is known already, instead of the same request. */
  readonly isEager?: boolean;
}

export function say(text: string, invocationId: string = "i1"): Step {
  return { invocationId, text };
}

export function answer(...answers: readonly (Pick | string)[]): Step {
  return {
    invocationId: "i1",
    answers: answers.map((one) =>
      typeof one === "string" ? { tool: one, response: { result: `answer to ${one}` } } : one,
    ),
  };
}

export function approve(...tools: readonly string[]): Step {
  return answer(...tools.map((tool) => ({ tool, response: { confirmed: true } })));
}

export function reject(...tools: readonly string[]): Step {
  return answer(...tools.map((tool) => ({ tool, response: { confirmed: false } })));
}
