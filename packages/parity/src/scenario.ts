import type { Content, Event, LlmResponse, Part, RunConfig } from "@adk/core";

/** A scenario as its file says it; FORMAT.md explains every member. */
export interface Scenario {
  name: string;
  about?: string;
  app?: AppSpec;
  agent: AgentSpec;
  tools?: Record<string, ToolSpec>;
  model?: Record<string, Turn[]>;
  unordered?: boolean;
  hooksOrder?: "any";
  steps: Step[];
}

export interface AppSpec {
  name?: string;
  plugins?: { name: string; rules?: Rule[] }[];
  resumable?: boolean;
  autoCreateSession?: boolean;
  eventsCompaction?: Record<string, number>;
}

export interface AgentSpec {
  type?: "llm" | "sequential" | "parallel" | "loop";
  name: string;
  description?: string;
  subAgents?: AgentSpec[];
  callbacks?: Rule[];
  maxIterations?: number;
  instruction?: string;
  globalInstruction?: string;
  staticInstruction?: string | Content;
  outputKey?: string;
  outputSchema?: Record<string, unknown>;
  includeContents?: "default" | "none";
  disallowTransferToParent?: boolean;
  disallowTransferToPeers?: boolean;
  mode?: string;
  tools?: ToolReference[];
}

/** The name of a tool, or an agent used as one. */
export type ToolReference = string | { agent: AgentSpec; skipSummarization?: boolean };

export interface ToolSpec {
  description?: string;
  parameters?: { name: string; type: string; optional?: boolean }[];
  returns?: unknown[];
  raises?: string | (string | null)[];
  longRunning?: boolean;
  requireConfirmation?: boolean;
  stateDelta?: Record<string, unknown>;
  saveArtifact?: { filename: string; part: Part };
  escalate?: boolean;
  skipSummarization?: boolean;
  transferTo?: string;
  asks?: { hint?: string; payload?: unknown };
}

/** One call of a model: the chunks of its answer, or what it throws. */
export type Turn = LlmResponse[] | { error: string };

/** What a hook does at a certain call. */
export interface Rule {
  on: string;
  agent?: string;
  tool?: string;
  nth?: number;
  setState?: Record<string, unknown>;
  raises?: string;
  appendInstruction?: string;
  setArgs?: Record<string, unknown>;
  content?: Content;
  response?: LlmResponse;
  result?: Record<string, unknown>;
  event?: Partial<Event>;
}

export type Step = { user?: string; session?: string } & (
  | { op: "createSession"; state?: Record<string, unknown> }
  | ({ op: "run"; message?: Content; stateDelta?: Record<string, unknown> } & RunOptions)
  | ({ op: "resume" } & RunOptions)
  | { op: "rewind"; invocationRef?: number; invocationId?: string }
  | { op: "getSession"; config?: { numRecentEvents?: number; afterTimestamp?: number } }
  | { op: "listArtifacts" }
);

export interface RunOptions {
  runConfig?: RunConfig;
  /** An index into the ids of the invocations seen so far. */
  invocationRef?: number;
  invocationId?: string;
  /** The caller leaves after so many events. */
  stopAfter?: number;
}
