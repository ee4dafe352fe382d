import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tableBelow } from "./table.mjs";

const TITLES = {
  input: "What the caller gave",
  run: "Running",
  sessions: "Sessions",
  artifacts: "Artifacts",
  store: "The store behind a service",
};

const HEAD = `# Errors

<!-- Written by \`npm run docs\` from the union of codes in packages/core/src/errors.ts and from the tables of the READMEs. -->

Everything that \`@adk/*\` throws is an \`AdkError\`: \`code\` is for programs, \`message\` for people, \`retryable\` says whether the
same call may succeed when it is repeated, \`details\` has ids and numbers. Test it with \`AdkError.isInstance(error, code)\`. A
code that is new is a minor version, one that goes is a major.
`;

/** The page about every code: one without a meaning fails, and so does a meaning without a code. */
export function errorsPage(root) {
  const groups = codesOf(readFileSync(join(root, "packages/core/src/errors.ts"), "utf8"));
  const meanings = meaningsOf(root);
  const codes = groups.flatMap(({ members }) => members);
  assert.deepEqual(
    new Set(meanings.keys()),
    new Set(codes),
    "packages/core/README.md, Errors: a row for each code of errors.ts, and no other",
  );
  const others = tablesOfAdapters(root);
  const sections = groups.map(({ name, members }) => {
    const title = TITLES[name];
    assert.notEqual(title, undefined, `errors.ts: the group "${name}" has no title here`);
    return [`## ${title}`, ...members.map((code) => section(code, meanings.get(code), others))];
  });
  return `${[HEAD.trimEnd(), ...sections.flat()].join("\n\n")}\n`;
}

/** The union's members under the comments that part it. */
function codesOf(source) {
  const [, union] = /export type AdkErrorCode =\n([\s\S]*?);\n/.exec(source);
  const groups = [];
  for (const line of union.split("\n")) {
    const [, name] = /^\s*\/\/ (\w+)$/.exec(line) ?? [];
    const [, code] = /^\s*\| "(\w+)"$/.exec(line) ?? [];
    assert.ok(name ?? code, `errors.ts: neither a group nor a code: ${line}`);
    if (name) groups.push({ name, members: [] });
    else groups.at(-1).members.push(code);
  }
  return groups;
}

function meaningsOf(root) {
  const readme = readFileSync(join(root, "packages/core/README.md"), "utf8");
  const rows = tableBelow(readme, "## Errors");
  return new Map(rows.flatMap((row) => codesIn(row).map((code) => [code, row])));
}

/** What each adapter's README says of its own errors. */
function tablesOfAdapters(root) {
  return readdirSync(join(root, "packages"))
    .filter((folder) => folder !== "core")
    .map((folder) => ({ folder, file: join(root, "packages", folder, "README.md") }))
    .filter(({ file }) => existsSync(file))
    .map(({ folder, file }) => ({
      folder,
      rows: tableBelow(readFileSync(file, "utf8"), "## Errors").filter((row) => row.When),
    }));
}

function section(code, meaning, others) {
  const lines = [`### ${code}`, "", sentence(meaning.When)];
  const [retry, act] = [meaning.Retry, meaning["What to do"]];
  lines.push("", `- Retry: ${retry === "–" ? "nothing is thrown" : retry}`);
  if (act !== "–") lines.push(`- What to do: ${act}`);
  const also = others
    .filter(({ rows }) => rows.some((row) => codesIn(row).includes(code)))
    .map(({ folder }) => `[@adk/${folder}](../packages/${folder}/README.md#errors)`);
  if (also.length > 0) lines.push(`- When exactly: ${also.join(", ")}`);
  return lines.join("\n");
}

function codesIn(row) {
  return [...row.Code.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code);
}

function sentence(text) {
  const begin = text.startsWith("`") ? text : text[0].toUpperCase() + text.slice(1);
  return begin.endsWith(".") ? begin : `${begin}.`;
}
