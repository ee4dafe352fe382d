import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { exports: doors } = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
  exports: Record<string, unknown>;
};
const names = Object.keys(doors)
  .filter((door) => door !== "./package.json")
  .map((door) => door.slice(2));

/** Prints, of a process that imports a door, its exports and the files of this package that it has loaded. */
const PROGRAM = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const door = await import(process.argv[1]);
console.log(JSON.stringify({ exported: Object.keys(door).sort(), loaded }));
`;

async function importing(
  name: string,
): Promise<{ exported: string[]; folders: string[]; loaded: string[] }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@adk/source", "--input-type=module", "--eval", PROGRAM, `@adk/plugins/${name}`],
    { cwd: ROOT },
  );
  const { exported, loaded } = JSON.parse(stdout) as { exported: string[]; loaded: string[] };
  const folders = loaded.flatMap(
    (url) => /\/packages\/plugins\/src\/([^/]+)\//.exec(url)?.[1] ?? [],
  );
  return { exported, folders: [...new Set(folders)], loaded };
}

/** What each door exports at run time. */
const EXPORTS: Record<string, string[]> = {
  analytics: ["AnalyticsPlugin", "JsonLinesSink", "PostgresSink"],
  budget: ["BudgetPlugin", "estimateTokens"],
  "context-filter": ["ContextFilterPlugin"],
  "debug-logging": ["DebugLoggingPlugin"],
  "global-instruction": ["GlobalInstructionPlugin"],
  logging: ["LoggingPlugin"],
  "multimodal-tool-results": ["MultimodalToolResultsPlugin"],
  "reflect-and-retry": [
    "ADK_HANDLE_MODEL_ERROR_TOOL_NAME",
    "REFLECT_AND_RETRY_RESPONSE_TYPE",
    "RESERVED_TOOL_CALL_ERROR_TYPE",
    "ReflectAndRetryModelPlugin",
    "ReflectAndRetryToolPlugin",
    "TrackingScope",
  ],
  redaction: ["RedactionPlugin"],
  "response-cache": ["ResponseCachePlugin"],
  "save-files-as-artifacts": ["SaveFilesAsArtifactsPlugin"],
  "tool-call-integrity": ["ToolCallIntegrityPlugin"],
};

describe("the doors", () => {
  it("are these, and no other", () => {
    expect(names).toEqual([
      "analytics",
      "budget",
      "context-filter",
      "debug-logging",
      "global-instruction",
      "logging",
      "multimodal-tool-results",
      "redaction",
      "reflect-and-retry",
      "response-cache",
      "save-files-as-artifacts",
      "tool-call-integrity",
    ]);
  });

  it.each(Object.keys(EXPORTS))(
    "%s loads itself alone, and exports what it says",
    { timeout: 30_000 },
    async (name) => {
      const { exported, folders, loaded } = await importing(name);
      expect(exported).toEqual(EXPORTS[name]);
      expect(folders.filter((folder) => folder !== "internal")).toEqual([name]);
      expect(loaded.some((url) => url.includes("/node_modules/yaml/"))).toBe(
        name === "debug-logging",
      );
      expect(loaded.filter((url) => url.includes("/node_modules/pg/"))).toEqual([]);
    },
  );
});
