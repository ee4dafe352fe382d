import type { Content } from "@adk/core";

/** One call of a hook, or of a tool's own code (`hook: "tool"`). */
export interface HookCall {
  hook: string;
  by?: string;
  agent?: string;
  tool?: string;
  partial?: true;
  args?: Record<string, unknown>;
}

/** What a model was asked. */
export interface ModelRequest {
  agent: string;
  systemInstruction?: string;
  contents: Content[];
  /** Sorted names. */
  tools: string[];
}

/** Everything that is noted while a scenario runs, in the order in which it happened. */
export class Recorder {
  readonly hooks: HookCall[] = [];
  readonly modelRequests: ModelRequest[] = [];
}
