import type { BasePlugin } from "../../plugins/base-plugin.ts";
import type { SuiteCase } from "../suite.ts";

/** - core: whole runs. - stream: pieces. - errors: failures and aborts. - resume: a log taken up again. - lifecycle: several runs, closing. */
export type PluginLevel = "core" | "stream" | "errors" | "resume" | "lifecycle";

/** One thing that every plugin must keep. */
export type PluginCase = SuiteCase<PluginSubject, PluginLevel>;

/**
 * What a plugin does to a run besides watching it.
 *
 * - requests: the model reads something else. - calls: models and tools are called more or less often. - events: the log, or what
 *   the caller gets, says something else.
 */
export type PluginEffect = "requests" | "calls" | "events";

/** A plugin and what it is meant to do. */
export interface PluginSubject extends AsyncDisposable {
  /** A plugin as another process would make it: with the same options, and nothing of what the one before remembers. */
  plugin(): BasePlugin | Promise<BasePlugin>;
  /** The same with `onFailure: "isolate"`; throws `INVALID_ARGUMENT` where the plugin refuses that. Absent: it has no such option. */
  readonly isolated?: (() => BasePlugin | Promise<BasePlugin>) | undefined;
  /** What it may change; anything else must be as without it. */
  readonly effects: readonly PluginEffect[];
}
