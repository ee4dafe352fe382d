import { readFile } from "node:fs/promises";
import type { BasePlugin, PluginOptions } from "@adk/core";
import { freshFolder } from "@adk/test-services";
import { AnalyticsPlugin, type AnalyticsSink, JsonLinesSink } from "../../src/analytics/index.ts";
import { DebugLoggingPlugin } from "../../src/debug-logging/index.ts";
import { LoggingPlugin } from "../../src/logging/index.ts";
import { RedactionPlugin } from "../../src/redaction/index.ts";
import { SECRETS, secretsEverywhere } from "./secrets-everywhere.ts";
import type { World } from "./world.ts";

/** Where the redaction stands among them; nowhere, to see what it keeps out. */
export type Place = "first" | "last" | "nowhere";

/** What each observer has written, as it stands there. */
export interface Written {
  readonly debugFile: string;
  readonly jsonLines: string;
  readonly lines: string;
  /** Of rows that reached no sink. */
  readonly lost: number;
}

/** The story with all secrets, written down in full by everything that observes. */
export async function writtenByObservers(
  w: World,
  place: Place,
  onFailure: PluginOptions["onFailure"] = "fail",
  /** One more that gets the rows. */
  other?: AnalyticsSink,
): Promise<Written> {
  await using folder = await freshFolder();
  const [outputPath, path] = [`${folder.path}/debug.yaml`, `${folder.path}/rows.jsonl`];
  const lines: string[] = [];
  const sinks = [new JsonLinesSink({ path }), ...(other ? [other] : [])];
  const analytics = sinks.map(
    (sink, index) =>
      new AnalyticsPlugin({ sink, wholePrompts: true, onFailure, name: `analytics ${index}` }),
  );
  const observers: BasePlugin[] = [
    new LoggingPlugin({
      write: (line) => void lines.push(line),
      payloads: true,
      maxTextLength: 100_000,
      maxArgsLength: 100_000,
      onFailure,
    }),
    new DebugLoggingPlugin({ outputPath, onFailure }),
    ...analytics,
  ];
  const redaction = new RedactionPlugin({ rules: Object.values(SECRETS) });
  const plugins = {
    first: [redaction, ...observers],
    last: [...observers, redaction],
    nowhere: observers,
  }[place];
  await secretsEverywhere(w, plugins);
  for (const plugin of analytics) await plugin.flush();
  const dropped = analytics.flatMap(({ stats }) => Object.values(stats.dropped));
  return {
    debugFile: await readFile(outputPath, "utf8"),
    jsonLines: await readFile(path, "utf8"),
    lines: lines.join("\n"),
    lost: dropped.reduce((sum, count) => sum + count, 0),
  };
}
