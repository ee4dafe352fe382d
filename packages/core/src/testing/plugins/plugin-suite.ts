import type { BasePlugin } from "../../plugins/base-plugin.ts";
import { runSuite, type SuiteOptions, type TestRunner } from "../suite.ts";
import { pluginCases } from "./cases.ts";
import type { PluginEffect, PluginLevel, PluginSubject } from "./subject.ts";

/** What is tested. */
export interface PluginSuiteOptions extends Omit<
  SuiteOptions<PluginSubject, PluginLevel>,
  "store"
> {
  /** Makes the plugin anew, as another process would: it is called several times in a case. */
  readonly plugin: () => BasePlugin | Promise<BasePlugin>;
  /** The same with `onFailure: "isolate"`; it may throw `INVALID_ARGUMENT`. @defaultValue the plugin has no such option */
  readonly isolated?: (() => BasePlugin | Promise<BasePlugin>) | undefined;
  /** What the plugin changes of a run besides watching it; the rest must be as without it. @defaultValue nothing */
  readonly effects?: readonly PluginEffect[] | undefined;
}

/** Registers what every plugin must keep with a test runner: one test for each case. */
export function pluginSuite(runner: TestRunner, options: PluginSuiteOptions): void {
  const { plugin, isolated, effects = [], ...suite } = options;
  const store = (): PluginSubject => ({
    plugin,
    isolated,
    effects,
    async [Symbol.asyncDispose]() {},
  });
  runSuite(runner, { ...suite, store }, pluginCases);
}
