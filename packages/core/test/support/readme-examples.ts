import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** A fenced block of a Markdown file. */
export interface Example {
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  /** Words after the language: `no-run` compiles only. */
  readonly flags: readonly string[];
  readonly code: string;
}

export interface RunResult {
  readonly code: number;
  readonly output: string;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w+-]*)[ \t]*(.*)$/;

/** The fenced blocks of a Markdown text. A fence within a list keeps its lines, less the fence's own indent. */
export function extractExamples(file: string, markdown: string): Example[] {
  const examples: Example[] = [];
  let open: { indent: string; fence: string; example: Example; lines: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    if (open === undefined) {
      const [, indent = "", fence, language = "", flags = ""] = FENCE.exec(text) ?? [];
      if (fence === undefined) continue;
      const example = { file, line: index + 2, language, flags: flags.split(/\s+/), code: "" };
      open = { indent, fence, example, lines: [] };
    } else if (text.trim() === open.fence) {
      examples.push({ ...open.example, code: open.lines.join("\n") });
      open = undefined;
    } else {
      open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
    }
  }
  return examples;
}

/** The Markdown files whose examples are promises. */
export function documents(): string[] {
  const packages = ["packages", "apps"].flatMap((parent) =>
    existsSync(join(ROOT, parent))
      ? readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/README.md`)
      : [],
  );
  return ["README.md", "CONTRIBUTING.md", ...packages, ...markdownIn("docs")].filter((file) =>
    existsSync(join(ROOT, file)),
  );
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

export function readExamples(): Example[] {
  return documents().flatMap((file) =>
    extractExamples(file, readFileSync(join(ROOT, file), "utf8")),
  );
}

/**
 * A folder outside of the repository with every example as a module of its own, which finds the packages of the
 * workspace (as sources) and what they are developed with.
 */
export function layOut(examples: readonly Example[]): string {
  const folder = mkdtempSync(join(tmpdir(), "adk-examples-"));
  linkPackages(join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.base.json"),
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        customConditions: ["@adk/source"],
        typeRoots: [join(ROOT, "node_modules/@types")],
        isolatedDeclarations: false,
        declaration: false,
        declarationMap: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: ["**/*.ts"],
    }),
  );
  writeFileSync(join(folder, "none.ts"), "export {};\n"); // no documents is no error
  for (const example of examples) {
    const path = join(folder, moduleName(example));
    mkdirSync(dirname(path), { recursive: true });
    // As many lines before the code as in the document, so that every report names the document's line.
    writeFileSync(path, "\n".repeat(example.line - 1) + example.code + "\nexport {};\n");
  }
  return folder;
}

/** Compiler errors as `file:line message`; empty when all examples compile together. */
export async function compileExamples(folder: string): Promise<string[]> {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { code, output } = await run([tsc, "-p", folder, "--pretty", "false"], folder);
  const errors = output.split("\n").filter((line) => line.trim() !== "");
  return code === 0 ? [] : errors.map(inDocument);
}

/** Runs one example on the sources, as a reader would. */
export async function runExample(folder: string, example: Example): Promise<RunResult> {
  const result = await run(["--conditions=@adk/source", moduleName(example)], folder);
  return { ...result, output: inDocument(result.output) };
}

function moduleName({ file, line }: Example): string {
  return `${file}.${line}.ts`;
}

/** `…/README.md.12.ts(14,3)` and `…/README.md.12.ts:14:3` are line 14 of README.md. */
function inDocument(text: string): string {
  return text
    .replaceAll(/(?:file:\/\/)?[^\s('"]*?adk-examples-\w+\//g, "")
    .replaceAll(/(\.md)\.\d+\.ts(?::(\d+)(?::\d+)?|\((\d+),\d+\))?/g, (_all, md, a, b) =>
      [md, a ?? b].filter(Boolean).join(":"),
    );
}

function linkPackages(modules: string): void {
  mkdirSync(modules, { recursive: true });
  for (const name of readdirSync(join(ROOT, "packages"))) {
    const root = join(ROOT, "packages", name);
    const manifest = join(root, "package.json");
    if (!existsSync(manifest)) continue;
    link(
      root,
      join(modules, (JSON.parse(readFileSync(manifest, "utf8")) as { name: string }).name),
    );
    for (const dependency of installed(join(root, "node_modules"))) {
      link(join(root, "node_modules", dependency), join(modules, dependency));
    }
  }
}

function installed(modules: string): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`)
        : [name],
    );
}

function link(target: string, path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, "junction");
}

function run(args: readonly string[], cwd: string): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      args,
      { cwd, timeout: 30_000, env: { ...process.env, NODE_OPTIONS: "" } },
      (error, stdout, stderr) => {
        const isLate = error?.killed === true;
        const output = stdout + stderr + (isLate ? "\nIt did not end within 30 s." : "");
        resolve({ code: error === null ? 0 : (child.exitCode ?? 1), output });
      },
    );
    child.stdin?.end();
  });
}
