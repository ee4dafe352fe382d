import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compileExamples,
  documents,
  extractExamples,
  layOut,
  readExamples,
  runExample,
} from "./support/readme-examples.ts";

const ROOT = new URL("../../../", import.meta.url);
const FENCE = "```";

const examples = readExamples();
const code = examples.filter(({ language }) => ["ts", "typescript"].includes(language));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function laidOut(list: Parameters<typeof layOut>[0]): string {
  const folder = layOut(list);
  folders.push(folder);
  return folder;
}

describe("the examples of the documents", () => {
  let folder: string;
  beforeAll(() => {
    folder = laidOut(code);
  });

  it("compile", { timeout: 60_000 }, async () => {
    expect(await compileExamples(folder)).toEqual([]);
  });

  it.each(code.filter(({ flags }) => !flags.includes("no-run")))(
    "$file:$line runs",
    { timeout: 60_000 },
    async (example) => {
      const { code: exitCode, output } = await runExample(folder, example);
      expect(exitCode, `${example.file}:${example.line}\n${output}`).toBe(0);
    },
  );
});

describe("the commands of the documents", () => {
  const manifest = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as {
    scripts: Record<string, string>;
  };
  const own = new Set(["install", "i", "ci", "exec", "pack", "view", "config", "create", "init"]);

  it("name scripts and files that exist", () => {
    const unknown: string[] = [];
    for (const { file, line, language, code: text } of examples) {
      if (!["sh", "bash", "shell", "console"].includes(language)) continue;
      for (const [offset, command] of text.split("\n").entries()) {
        const words = command.replace(/^\s*\$\s+/, "").split(/\s+/);
        const [tool, verb = "", name = ""] = words;
        const script = verb === "run" ? name : verb;
        const isUnknown =
          (tool === "npm" && verb !== "" && !own.has(script) && !(script in manifest.scripts)) ||
          (tool === "node" && /^\w/.test(verb) && !existsSync(new URL(verb, ROOT)));
        if (isUnknown) unknown.push(`${file}:${line + offset} ${command.trim()}`);
      }
    }
    expect(unknown).toEqual([]);
  });
});

describe("the runner of examples", () => {
  const markdown = [
    "# A document",
    `${FENCE}ts`,
    'const wrong: number = "text";',
    FENCE,
    "1. in a list",
    `   ${FENCE}ts no-run`,
    "   await new Promise(() => {});",
    `   ${FENCE}`,
    `${FENCE}ts`,
    'import { AdkError } from "@adk/core/errors-of-nowhere";',
    "console.log(AdkError);",
    FENCE,
    `${FENCE}ts`,
    "const found: number = 42;",
    'if (found) throw new Error("it broke");',
    FENCE,
    `${FENCE}ts`,
    "console.log(6 * 7);",
    FENCE,
  ].join("\n");
  const made = extractExamples("docs/README.md", markdown);

  it("finds every block, its line and its flags", () => {
    expect(made.map(({ line, flags }) => [line, flags.join(" ")])).toEqual([
      [3, ""],
      [7, "no-run"],
      [10, ""],
      [14, ""],
      [18, ""],
    ]);
    expect(made[1]!.code).toBe("await new Promise(() => {});");
  });

  it(
    "reports what does not compile or run, by the document's line",
    { timeout: 60_000 },
    async () => {
      const folder = laidOut(made);
      const errors = await compileExamples(folder);
      expect(errors).toHaveLength(2);
      expect(errors[0]).toContain("docs/README.md:10: error TS2307");
      expect(errors[1]).toContain("docs/README.md:3: error TS2322");

      const broken = await runExample(folder, made[3]!);
      expect(broken.code).toBe(1);
      expect(broken.output).toContain("docs/README.md:15");
      expect(broken.output).toContain("it broke");
      expect(await runExample(folder, made[4]!)).toEqual({ code: 0, output: "42\n" });
    },
  );

  it("reads the documents that a newcomer reads", () => {
    expect(documents()).toEqual(
      expect.arrayContaining(["README.md", "CONTRIBUTING.md", "packages/core/README.md"]),
    );
  });
});
