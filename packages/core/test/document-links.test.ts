import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { anchorsOf, extractLinks, problemOf } from "./support/document-links.ts";
import { documents, readExamples } from "./support/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

describe("the links of the documents", () => {
  it.each(documents())("%s: lead to a file, and to a heading in it", (file) => {
    const problems = extractLinks(file, read(file)).flatMap((link) => {
      const problem = problemOf(link);
      return problem === undefined ? [] : [`${file}:${link.line} ${link.target}: ${problem}`];
    });
    expect(problems).toEqual([]);
  });
});

describe("the pages of docs/", () => {
  it("are each reached from docs/README.md", () => {
    const pages = documents().filter((file) => file.startsWith("docs/"));
    const reached = extractLinks("docs/README.md", read("docs/README.md")).map(({ target }) =>
      join("docs", target),
    );
    expect(reached).toEqual(
      expect.arrayContaining(pages.filter((file) => file !== "docs/README.md")),
    );
    expect(pages.length).toBeGreaterThan(12);
  });

  it("say of each block that does not run that it does not", () => {
    const silent = readExamples()
      .filter(({ file, language }) => file.startsWith("docs/") && language !== "sh")
      .filter(({ language, flags }) => language !== "ts" || flags.includes("no-run"))
      .filter(({ file, line }) => {
        const before = read(file)
          .split("\n")
          .slice(0, line - 2);
        return !/untested|not run/i.test(before.findLast((text) => text.trim() !== "") ?? "");
      });
    expect(silent.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });

  it("that are made from sources are what the sources say", () => {
    const words = [join(ROOT, "scripts/docs.mjs"), "--check"];
    expect(execFileSync(process.execPath, words, { encoding: "utf8" })).toContain("is current");
  });
});

describe("the reader of links", () => {
  const markdown = [
    "# A `code` heading, and more!",
    "See [one](a.md#x), `[no](link.md)` and [two](#a-code-heading-and-more).",
    "```ts",
    "// [none](nowhere.md)",
    "# no heading",
    "```",
    '<a id="own"></a>[three](#own)',
    "## Twice",
    "## Twice",
  ].join("\n");

  it("finds links outside of code, by line", () => {
    expect(extractLinks("docs/x.md", markdown).map(({ line, target }) => [line, target])).toEqual([
      [2, "a.md#x"],
      [2, "#a-code-heading-and-more"],
      [7, "#own"],
    ]);
  });

  it("names headings as GitHub does", () => {
    expect([...anchorsOf(markdown)]).toEqual([
      "a-code-heading-and-more",
      "own",
      "twice",
      "twice-1",
    ]);
  });

  it.each([
    ["docs/README.md", "../README.md", undefined],
    ["docs/README.md", "https://example.com/#x", undefined],
    ["docs/README.md", "nowhere.md", "docs/nowhere.md does not exist"],
    ["README.md", "packages/core/README.md#nothing", "packages/core/README.md has no #nothing"],
    ["README.md", "packages/core#x", "packages/core is a folder"],
    ["README.md", "#try-it", undefined],
  ])("says of %s → %s: %s", (file, target, problem) => {
    expect(problemOf({ file, line: 1, target })).toBe(problem);
  });
});
