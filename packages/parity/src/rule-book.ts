import type { LlmRequest } from "@adk/core";
import type { HookCall, Recorder } from "./recorder.ts";
import type { Rule } from "./scenario.ts";
import { ScriptedFailure } from "./scripted-failure.ts";

/** What a hook was called about: what the rules filter by, and what they act on. */
export interface Subject {
  agent?: string;
  tool?: string;
  partial?: boolean;
  setState(key: string, value: unknown): void;
  llmRequest?: LlmRequest;
  args?: Record<string, unknown>;
}

/** The rules of one plugin or of one agent: notes every call of a hook and says what it does. */
export class RuleBook {
  readonly #by: string;
  readonly #rules: { rule: Rule; fits: number }[];
  readonly #recorder: Recorder;

  constructor(by: string, rules: readonly Rule[], recorder: Recorder) {
    this.#by = by;
    this.#rules = rules.map((rule) => ({ rule, fits: 0 }));
    this.#recorder = recorder;
  }

  /** Notes the call and does what the rule says that acts on it. @returns a copy of that rule, for its answer. */
  call(hook: string, subject: Subject): Rule | undefined {
    const { agent, tool, partial } = subject;
    const call: HookCall = { hook, by: this.#by };
    if (agent !== undefined) call.agent = agent;
    if (tool !== undefined) call.tool = tool;
    if (partial) call.partial = true;
    this.#recorder.hooks.push(call);
    const rule = this.#choose(hook, subject);
    return rule === undefined ? undefined : act(structuredClone(rule), subject);
  }

  /** The first rule that fits and whose turn it is. All that fit are counted, also after the one that acts. */
  #choose(hook: string, { agent, tool }: Subject): Rule | undefined {
    let chosen: Rule | undefined;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.on !== hook) continue;
      if (rule.agent !== undefined && rule.agent !== agent) continue;
      if (rule.tool !== undefined && rule.tool !== tool) continue;
      const nth = entry.fits++;
      if (rule.nth === undefined || rule.nth === nth) chosen ??= rule;
    }
    return chosen;
  }
}

function act(rule: Rule, { setState, llmRequest, args }: Subject): Rule {
  for (const [key, value] of Object.entries(rule.setState ?? {})) setState(key, value);
  if (rule.raises !== undefined) throw new ScriptedFailure(rule.raises);
  if (rule.appendInstruction !== undefined && llmRequest)
    appendInstruction(llmRequest, rule.appendInstruction);
  if (rule.setArgs !== undefined && args) Object.assign(args, rule.setArgs);
  return rule;
}

function appendInstruction(llmRequest: LlmRequest, text: string): void {
  const config = (llmRequest.config ??= {});
  const present = config.systemInstruction;
  if (present === undefined || typeof present === "string")
    config.systemInstruction = present ? `${present}\n\n${text}` : text;
  else {
    const parts = Array.isArray(present)
      ? present
      : "parts" in present
        ? (present.parts ?? [])
        : [present];
    config.systemInstruction = [...parts, { text }] as NonNullable<typeof present>;
  }
}
