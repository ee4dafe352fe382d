import { type BaseAgent, isBaseAgent } from "../agents/base-agent.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, describe, type OptionCheck } from "../internal/check-options.ts";
import type { BasePlugin } from "../plugins/base-plugin.ts";
import { PluginManager } from "../plugins/plugin-manager.ts";
import { checkCompaction, type EventsCompactionConfig } from "./events-compaction-config.ts";

const BRAND: unique symbol = Symbol.for("google.adk.app") as never;

/** Whether `value` is an app, of this or of another copy of the package. */
export function isApp(value: unknown): value is App {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Whether runs pause at calls that wait, and go on after a crash. */
export interface ResumabilityConfig {
  /** @defaultValue false */
  isResumable: boolean;
}

/** Options of an app. */
export interface AppOptions {
  /** A letter, then letters, digits, `_` or `-`, at most 128; not `user`. Sessions belong to it. */
  name: string;
  rootAgent: BaseAgent;
  /** Asked in this order. */
  plugins?: BasePlugin[] | undefined;
  /** Whether runs pause at calls that wait, and go on after a crash. @defaultValue not resumable */
  resumabilityConfig?: ResumabilityConfig | undefined;
  /** When older events are summed up. @defaultValue never */
  eventsCompactionConfig?: EventsCompactionConfig | undefined;
  /** Refused with `UNSUPPORTED` in this version. */
  contextCacheConfig?: object | undefined;
}

const OPTIONS: Readonly<Record<keyof AppOptions, OptionCheck>> = {
  name: "string",
  rootAgent: (value) => (isBaseAgent(value) ? undefined : "an agent"),
  plugins: "array",
  resumabilityConfig: "object",
  eventsCompactionConfig: "object",
  contextCacheConfig: "object",
};

/** An application: its name, its root agent, and what holds for all of its runs. */
export class App {
  readonly name: string;
  readonly rootAgent: BaseAgent;
  readonly plugins: readonly BasePlugin[];
  readonly resumabilityConfig: ResumabilityConfig | undefined;
  readonly eventsCompactionConfig: Readonly<EventsCompactionConfig> | undefined;

  /** @throws AdkError `INVALID_ARGUMENT`, `UNSUPPORTED` */
  constructor(options: AppOptions) {
    checkOptions("App", options, OPTIONS);
    validateAppName(options.name);
    if (options.rootAgent === undefined)
      throw new AdkError("INVALID_ARGUMENT", `App ${options.name} needs a \`rootAgent\`.`);
    if (options.rootAgent.parentAgent)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `App ${options.name}: \`rootAgent\` ${options.rootAgent.name} is a sub-agent of ${options.rootAgent.parentAgent.name}. Give the root of the tree, or a clone().`,
      );
    checkResumability(options.resumabilityConfig);
    const { eventsCompactionConfig } = options;
    if (eventsCompactionConfig) checkCompaction(eventsCompactionConfig, options.rootAgent);
    refuse("contextCacheConfig", options.contextCacheConfig);
    this.name = options.name;
    this.rootAgent = options.rootAgent;
    this.plugins = new PluginManager(options.plugins).plugins;
    this.resumabilityConfig = options.resumabilityConfig;
    this.eventsCompactionConfig = eventsCompactionConfig && { ...eventsCompactionConfig };
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** @throws AdkError `INVALID_ARGUMENT` unless `name` is a letter, then letters, digits, `_` or `-`, and not `user`. */
export function validateAppName(name: string): void {
  if (typeof name !== "string" || !/^[A-Za-z][\w-]{0,127}$/.test(name) || name === "user")
    throw new AdkError(
      "INVALID_ARGUMENT",
      `An app's \`name\` must be a letter, then letters, digits, "_" or "-" (at most 128), and not "user"; got ${describe(name)}.`,
    );
}

/** @throws AdkError `INVALID_ARGUMENT` */
export function checkResumability(config: ResumabilityConfig | undefined): void {
  checkOptions("resumabilityConfig", config ?? {}, { isResumable: "boolean" });
}

function refuse(option: string, value: unknown): void {
  if (value !== undefined)
    throw new AdkError(
      "UNSUPPORTED",
      `\`${option}\` is not available in this version. Leave it out.`,
      { details: { option } },
    );
}
