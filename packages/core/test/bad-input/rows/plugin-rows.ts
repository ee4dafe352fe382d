import { BasePlugin, type PluginOptions } from "../../../src/index.ts";
import { type Row, rowsOf } from "../rows.ts";

class Plugin extends BasePlugin {}

export const pluginRows: readonly Row[] = rowsOf<PluginOptions>(
  "PluginOptions",
  {
    hookTimeoutMs: [
      ["zero", 0],
      ["a fraction", 1.5],
      ["no number", Number.NaN],
      ["a text", "1"],
    ],
    onFailure: [
      ["another word", "ignore"],
      ["a boolean", true],
    ],
  },
  () => ({}),
  (_world, options) => new Plugin("plugin", options),
);
