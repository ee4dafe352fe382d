import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** A link or a picture of a Markdown file. */
export interface Link {
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As it is written: `../state.md#scopes`, `https://…`, `#below`. */
  readonly target: string;
}

/** The links of a Markdown text, without what looks like one in code. */
export function extractLinks(file: string, markdown: string): Link[] {
  return withoutCode(markdown).flatMap((text, index) =>
    [...text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target = ""]) => ({
      file,
      line: index + 1,
      target,
    })),
  );
}

/** The names of a Markdown text that a link may lead to: its headings, as GitHub writes them, and `<a id="…">`. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const text of withoutCode(markdown, { keepInline: true })) {
    for (const [, id = ""] of text.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
    const [, heading] = /^#{1,6}\s+(.+?)\s*#*$/.exec(text) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let name = slug;
    for (let again = 1; anchors.has(name); again++) name = `${slug}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

/** @returns what is wrong with a link within the repository; `undefined` for one that leads somewhere, or out of it. */
export function problemOf({ file, target }: Link): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = "", anchor] = target.split("#");
  const found = path === "" ? file : posix.join(posix.dirname(file), decodeURI(path));
  if (!existsSync(join(ROOT, found))) return `${found} does not exist`;
  if (anchor === undefined) return undefined;
  if (statSync(join(ROOT, found)).isDirectory()) return `${found} is a folder`;
  const isThere = anchorsOf(readFileSync(join(ROOT, found), "utf8")).has(anchor);
  return isThere ? undefined : `${found} has no #${anchor}`;
}

/** The lines of a text, those of fenced blocks empty. */
function withoutCode(
  markdown: string,
  { keepInline = false }: { readonly keepInline?: boolean } = {},
): string[] {
  let fence: string | undefined;
  return markdown.split(/\r?\n/).map((text) => {
    const [, mark] = /^\s*(`{3,}|~{3,})/.exec(text) ?? [];
    if (fence === undefined && mark !== undefined) fence = mark;
    else if (fence !== undefined) {
      if (text.trim() === fence) fence = undefined;
    } else return keepInline ? text : text.replaceAll(/(`+)(?:(?!\1).)+\1/g, "");
    return "";
  });
}
