import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BasePlugin, PluginOptions } from "@adk/core";
import { type PluginSuiteOptions, pluginSuite } from "@adk/core/testing";
import { afterAll, describe, it } from "vitest";
import { AnalyticsPlugin } from "../src/analytics/index.ts";
import { BudgetPlugin, type BudgetPluginOptions } from "../src/budget/index.ts";
import { ContextFilterPlugin } from "../src/context-filter/index.ts";
import { DebugLoggingPlugin } from "../src/debug-logging/index.ts";
import { GlobalInstructionPlugin } from "../src/global-instruction/index.ts";
import { LoggingPlugin } from "../src/logging/index.ts";
import { MultimodalToolResultsPlugin } from "../src/multimodal-tool-results/index.ts";
import { RedactionPlugin, type RedactionPluginOptions } from "../src/redaction/index.ts";
import {
  ReflectAndRetryModelPlugin,
  ReflectAndRetryToolPlugin,
} from "../src/reflect-and-retry/index.ts";
import { ResponseCachePlugin } from "../src/response-cache/index.ts";
import { SaveFilesAsArtifactsPlugin } from "../src/save-files-as-artifacts/index.ts";
import { ToolCallIntegrityPlugin } from "../src/tool-call-integrity/index.ts";
import { GatheringSink } from "./support/gathering-sink.ts";

const folder = mkdtempSync(join(tmpdir(), "adk-plugin-kit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Isolated = Pick<PluginOptions, "onFailure">;

/** Those that only observe can be isolated. */
function observer(name: string, make: (options?: Isolated) => BasePlugin): PluginSuiteOptions {
  return { name, plugin: () => make(), isolated: () => make({ onFailure: "isolate" }) };
}

/** The others have no such option. */
const notApplicable = ["isolate"];

const OBSERVERS: readonly PluginSuiteOptions[] = [
  observer(
    "analytics",
    (options) => new AnalyticsPlugin({ sink: new GatheringSink(), ...options }),
  ),
  observer(
    "logging",
    (options) => new LoggingPlugin({ write: () => undefined, payloads: true, ...options }),
  ),
  observer(
    "debug logging",
    (options) => new DebugLoggingPlugin({ outputPath: join(folder, "debug.yaml"), ...options }),
  ),
];

const SUBJECTS: readonly PluginSuiteOptions[] = [
  // Their requests are the same here: there is one invocation only, and every call has its response.
  { name: "context filter", plugin: () => new ContextFilterPlugin({ numInvocationsToKeep: 1 }) },
  { name: "tool-call integrity", plugin: () => new ToolCallIntegrityPlugin({ secretKey: "k" }) },
  // It changes the system instruction, not the contents.
  { name: "global instruction", plugin: () => new GlobalInstructionPlugin("Be brief.") },
  { name: "multimodal tool results", plugin: () => new MultimodalToolResultsPlugin() },
  { name: "save files as artifacts", plugin: () => new SaveFilesAsArtifactsPlugin() },
  { name: "reflect and retry, models", plugin: () => new ReflectAndRetryModelPlugin() },
  // A tool's error is told in its words, which end with the error's.
  { name: "reflect and retry, tools", plugin: () => new ReflectAndRetryToolPlugin() },
];

const budget: BudgetPluginOptions = { session: { maxTokens: 1_000_000_000 } };
const redaction: RedactionPluginOptions = { rules: ["nobody says this"] };
const isolate = { onFailure: "isolate" } as object;

/** Those that have the option in order to refuse it. */
const GUARDS: readonly PluginSuiteOptions[] = [
  {
    name: "budget",
    plugin: () => new BudgetPlugin(budget),
    isolated: () => new BudgetPlugin({ ...budget, ...isolate }),
    effects: ["events"], // they say what was charged
  },
  {
    name: "redaction",
    plugin: () => new RedactionPlugin(redaction),
    isolated: () => new RedactionPlugin({ ...redaction, ...isolate }),
  },
];

const CACHE: PluginSuiteOptions = {
  name: "response cache",
  plugin: () => new ResponseCachePlugin(),
  // Equal requests of several sessions have one answer; the calls in it have other ids each time, as they must.
  knownGaps: ["sessions-apart"],
};

for (const subject of [...OBSERVERS, ...GUARDS]) pluginSuite({ describe, it }, subject);
for (const subject of [...SUBJECTS, CACHE])
  pluginSuite({ describe, it }, { notApplicable, ...subject });
