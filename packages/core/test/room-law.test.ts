import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Every room, and the rooms it may take values from. Written out, so that the generator is checked by another hand. */
const SEES: Record<string, readonly string[]> = (() => {
  const ground = ["internal", "telemetry", "content", "models", "events", "log"];
  const stores = [...ground, "sessions", "artifacts", "memory", "auth"];
  const written = [...stores, "context", "tools", "code-executors"];
  const flows = [...written, "plugins", "planners"];
  return {
    internal: [],
    telemetry: ["internal"],
    content: ["internal", "telemetry"],
    models: ["internal", "telemetry", "content"],
    events: ["internal", "telemetry", "content", "models"],
    log: ["internal", "telemetry", "content", "models", "events"],
    sessions: ground,
    artifacts: ground,
    memory: ground,
    auth: ground,
    context: stores,
    tools: [...stores, "context"],
    "code-executors": [...stores, "context"],
    plugins: written,
    planners: written,
    flows,
    agents: [...flows, "flows"],
    app: [...flows, "flows", "agents"],
    runner: [...flows, "flows", "agents", "app"],
    testing: [...flows, "flows", "agents", "app", "runner"],
  };
})();
const ROOMS = Object.keys(SEES);

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

/** A copy of the linter's configuration above a made-up house. */
const folder = mkdtempSync(join(tmpdir(), "adk-rooms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  const path = join(folder, "packages/core/src", file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

function lint(): Diagnostic[] {
  const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, "--format=json"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(stdout, stderr).toMatch(/^\{/);
  return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}

describe("the room law", () => {
  let reported: Map<string, string[]>;
  const of = (rule: string): string[] =>
    [...reported].filter(([, rules]) => rules.includes(rule)).map(([file]) => file);

  beforeAll(() => {
    cpSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
    cpSync(join(ROOT, "scripts/lint"), join(folder, "scripts/lint"), { recursive: true });
    write("errors.ts", "export const value = 1;\n");
    write("index.ts", 'export { value } from "./runner/value.ts";\n');
    for (const room of ROOMS) {
      write(`${room}/value.ts`, "export const value = 1;\nexport type Value = number;\n");
      write(`${room}/sees-errors.ts`, 'export { value } from "../errors.ts";\n');
      write(`${room}/test-of-all.test.ts`, 'export { value } from "../testing/value.ts";\n');
      for (const other of ROOMS.filter((name) => name !== room)) {
        write(
          `${room}/imports-${other}.ts`,
          `import { value } from "../${other}/value.ts";\nexport const seen = value;\n`,
        );
        write(
          `${room}/deep/loads-${other}.ts`,
          `export const load = () => import("../../${other}/value.ts");\n`,
        );
        write(
          `${room}/names-${other}.ts`,
          `import type { Value } from "../${other}/value.ts";\nexport type Seen = Value;\n`,
        );
      }
    }
    write("internal/uses-node.ts", 'export { join } from "node:path";\n');
    write("testing/uses-node.ts", 'export { join } from "node:path";\n');
    write("testing/uses-assert.ts", 'export { equal } from "node:assert/strict";\n');
    write(
      "testing/loads-processes.ts",
      'export const load = () => import("node:child_process");\n',
    );
    write("events/barrel.ts", 'export { value } from "../models/index.ts";\n');
    write("models/genai.ts", 'export { GoogleGenAI } from "@google/genai";\n');
    write("events/genai-type.ts", 'export type { Content } from "@google/genai";\n');
    write("content/genai-type.ts", 'export type { Content } from "@google/genai";\n');
    write("models/gemini/load.ts", 'export const load = () => import("@google/genai");\n');
    write("models/gemini/up.ts", 'export { value } from "../../runner/value.ts";\n');
    write("runner/telemetry.ts", 'export { trace } from "@opentelemetry/api";\n');
    write("telemetry/api.ts", 'export { trace } from "@opentelemetry/api";\n');
    write("app/bare.ts", 'export const fail = () => new TypeError("no code");\n');
    write(
      "app/wrap.ts",
      "export const wrap = (e: unknown) => (e instanceof Error ? e : new Error(String(e)));\n",
    );
    write("app/bare.test.ts", 'export const fail = () => new TypeError("no code");\n');

    reported = new Map();
    for (const { code, filename } of lint()) {
      const file = filename.replaceAll("\\", "/").replace(/^.*packages\/core\/src\//, "");
      reported.set(file, [...(reported.get(file) ?? []), code]);
    }
  }, 60_000);

  const upward = (verb: string): string[] =>
    ROOMS.flatMap((room) =>
      ROOMS.filter((other) => other !== room && !SEES[room]!.includes(other)).map((other) =>
        verb === "loads" ? `${room}/deep/loads-${other}.ts` : `${room}/${verb}-${other}.ts`,
      ),
    ).toSorted();
  const restricted = (part: string): string[] =>
    of("eslint(no-restricted-imports)")
      .filter((file) => file.includes(part))
      .toSorted();

  it("reports exactly the imports of values that do not go down", () => {
    expect(restricted("/imports-")).toEqual(upward("imports"));
  });

  it("reports them in dynamic imports and in subfolders too", () => {
    expect(restricted("/loads-")).toEqual(upward("loads"));
  });

  it("lets types, errors.ts and tests be", () => {
    expect(restricted("/names-")).toEqual([]);
    expect(restricted("/sees-errors")).toEqual([]);
    expect(restricted(".test.ts")).toEqual([]);
  });

  it("keeps Node, barrels, @google/genai and @opentelemetry/api where they belong", () => {
    expect(
      of("eslint(no-restricted-imports)")
        .filter((file) => !/(?:imports|loads)-/.test(file))
        .toSorted(),
    ).toEqual([
      "events/barrel.ts",
      "events/genai-type.ts",
      "internal/uses-node.ts",
      "models/gemini/up.ts",
      "models/genai.ts",
      "runner/telemetry.ts",
      "testing/uses-node.ts",
    ]);
  });

  it("reports an error without a code", () => {
    expect(of("adk(error-with-code)")).toEqual(["app/bare.ts"]);
  });

  it("reports cycles", () => {
    write("log/a.ts", 'import { b } from "./b.ts";\nexport const a = (): number => b() + 1;\n');
    write("log/b.ts", 'import { a } from "./a.ts";\nexport const b = (): number => a() + 1;\n');
    const cycles = lint().filter(({ code }) => code === "import(no-cycle)");
    expect(cycles.map(({ filename }) => filename).toSorted()).toEqual([
      "packages/core/src/log/a.ts",
      "packages/core/src/log/b.ts",
    ]);
  });

  it("stands in .oxlintrc.json as scripts/room-law.mjs has it, and every folder has a floor", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, "scripts/room-law.mjs"), "--check"],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
