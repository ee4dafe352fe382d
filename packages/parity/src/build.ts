import {
  AdkError,
  AgentTool,
  App,
  EXIT_LOOP,
  LlmAgent,
  LlmEventSummarizer,
  LoopAgent,
  ParallelAgent,
  SequentialAgent,
  type AppOptions,
  type BaseAgent,
  type BaseTool,
  type LlmAgentConfig,
} from "@adk/core";
import { agentCallbacks } from "./agent-callbacks.ts";
import { buildTool } from "./build-tool.ts";
import type { Recorder } from "./recorder.ts";
import { RecordingPlugin } from "./recording-plugin.ts";
import { RuleBook } from "./rule-book.ts";
import type { AgentSpec, Scenario, ToolReference } from "./scenario.ts";
import { ScriptedModel } from "./scripted-model.ts";

/** Whose turns the summarizer of an app takes. */
const SUMMARIZER = "(summarizer)";

/** The app that a scenario describes, made of public classes only; what happens in it is noted in `recorder`. */
export function build(scenario: Scenario, recorder: Recorder): App {
  const spec = scenario.app ?? {};
  const options: AppOptions = {
    name: spec.name ?? "parity",
    rootAgent: new AgentBuilder(scenario, recorder).build(scenario.agent),
    plugins: (spec.plugins ?? []).map(
      ({ name, rules = [] }) => new RecordingPlugin(name, new RuleBook(name, rules, recorder)),
    ),
  };
  if (spec.resumable) options.resumabilityConfig = { isResumable: true };
  if (spec.eventsCompaction) {
    const turns = [...(scenario.model?.[SUMMARIZER] ?? [])];
    const llm = new ScriptedModel(SUMMARIZER, turns, recorder);
    const summarizer = new LlmEventSummarizer({ llm });
    options.eventsCompactionConfig = { ...spec.eventsCompaction, summarizer };
  }
  return new App(options);
}

class AgentBuilder {
  readonly #models: Map<string, ScriptedModel> = new Map();
  readonly #tools: Map<string, BaseTool> = new Map([["exit_loop", EXIT_LOOP]]);
  readonly #scenario: Scenario;
  readonly #recorder: Recorder;

  constructor(scenario: Scenario, recorder: Recorder) {
    this.#scenario = scenario;
    this.#recorder = recorder;
    for (const [name, spec] of Object.entries(scenario.tools ?? {}))
      this.#tools.set(name, buildTool(name, spec, recorder));
  }

  build(spec: AgentSpec): BaseAgent {
    const { type = "llm", callbacks: rules = [], maxIterations } = spec;
    const book = new RuleBook(`agent:${spec.name}`, rules, this.#recorder);
    const config = {
      name: spec.name,
      ...(spec.description !== undefined && { description: spec.description }),
      ...(spec.subAgents && { subAgents: spec.subAgents.map((child) => this.build(child)) }),
      ...agentCallbacks(rules, book),
    };
    switch (type) {
      case "llm":
        return new LlmAgent({ ...config, ...this.#llmConfig(spec) });
      case "sequential":
        return new SequentialAgent(config);
      case "parallel":
        return new ParallelAgent(config);
      case "loop":
        return new LoopAgent({ ...config, ...(maxIterations !== undefined && { maxIterations }) });
    }
  }

  #llmConfig(spec: AgentSpec): Partial<LlmAgentConfig> {
    const config: Partial<LlmAgentConfig> = { model: this.#model(spec.name) };
    for (const key of PASSED_ON)
      if (spec[key] !== undefined) Object.assign(config, { [key]: spec[key] });
    if (spec.tools) config.tools = spec.tools.map((reference) => this.#tool(reference));
    return config;
  }

  #model(agent: string): ScriptedModel {
    let model = this.#models.get(agent);
    if (model === undefined) {
      model = new ScriptedModel(agent, [...(this.#scenario.model?.[agent] ?? [])], this.#recorder);
      this.#models.set(agent, model);
    }
    return model;
  }

  #tool(reference: ToolReference): BaseTool {
    if (typeof reference !== "string") {
      const { agent, skipSummarization = false } = reference;
      return new AgentTool({ agent: this.build(agent), skipSummarization });
    }
    const tool = this.#tools.get(reference);
    if (tool === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `The scenario has no tool ${reference}. Describe it under \`tools\`.`,
      );
    return tool;
  }
}

/** What an LlmAgent takes as the scenario has it. */
const PASSED_ON = [
  "instruction",
  "globalInstruction",
  "staticInstruction",
  "outputKey",
  "outputSchema",
  "includeContents",
  "disallowTransferToParent",
  "disallowTransferToPeers",
  "mode",
] as const;
