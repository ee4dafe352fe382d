import { readFileSync } from "node:fs";

/** Interfaces whose names end so are what a caller fills in. */
const INPUT = /^[A-Z]\w*(?:Config|Options|Request|Params)$/;
/** Hands on the types of `@google/genai`. */
const GENAI = "./content/content.ts";

interface Declaration {
  readonly file: URL;
  readonly text: string;
}

/**
 * Every option of every options, config, params and request interface behind the main door, as `Interface.member`, inherited
 * ones included; none for a type that is made of others. Read from the sources: what is declared there has to have a row.
 */
export function publicOptions(): Map<string, readonly string[]> {
  const options = new Map<string, readonly string[]>();
  const barrel = new URL("../../src/index.ts", import.meta.url);
  for (const [name, path] of exportedNames(withoutComments(read(barrel)))) {
    if (!INPUT.test(name) || !path.startsWith(".") || path === GENAI) continue;
    options.set(name, membersOf(name, find(name, new URL(path, barrel))) ?? []);
  }
  return options;
}

function exportedNames(text: string): [name: string, path: string][] {
  return [...text.matchAll(/export\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"([^"]+)"/g)].flatMap(
    ([, list = "", path = ""]) =>
      list
        .split(",")
        .map((item) => item.trim().replace(/^type\s+/, ""))
        .filter((name) => name !== "")
        .map((name): [string, string] => [name, path]),
  );
}

/** The file that declares a name: the given one, or the one it is imported or handed on from. */
function find(name: string, file: URL): Declaration {
  const text = withoutComments(read(file));
  if (new RegExp(`^(?:export\\s+)?(?:interface|type)\\s+${name}\\b`, "m").test(text))
    return { file, text };
  for (const [, list = "", path = ""] of text.matchAll(
    /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"([^"]+)"/g,
  ))
    if (path.startsWith(".") && new RegExp(`\\b${name}\\b`).test(list))
      return find(name, new URL(path, file));
  throw new Error(`No declaration of ${name} in ${file.pathname}.`);
}

/** `undefined` for a type that is not a list of members. */
function membersOf(name: string, { file, text }: Declaration): string[] | undefined {
  const alias = new RegExp(`\\btype\\s+${name}\\s*=\\s*([^;]+);`).exec(text)?.[1]?.trim();
  if (alias !== undefined) return membersOfAlias(alias, file);
  const head = new RegExp(`\\binterface\\s+${name}\\b`).exec(text);
  if (!head) return undefined;
  const start = bodyStart(text, head.index + head[0].length);
  const heritage = /\bextends\b([\s\S]*)$/.exec(withoutGenerics(text.slice(head.index, start)));
  const parents = (heritage?.[1] ?? "").split(",").map((one) => one.trim());
  const inherited = parents
    .filter((parent) => parent !== "")
    .flatMap((parent) => membersOf(parent, find(parent, file)) ?? []);
  return [...new Set([...inherited, ...ownMembers(text.slice(start + 1))])];
}

function membersOfAlias(alias: string, file: URL): string[] | undefined {
  const omit = /^Omit<\s*(\w+)\s*,([\s\S]*)>$/.exec(alias);
  const target = omit?.[1] ?? /^(\w+)$/.exec(alias)?.[1];
  if (target === undefined) return undefined;
  const left = new Set([...(omit?.[2] ?? "").matchAll(/"(\w+)"/g)].map(([, name]) => name));
  return membersOf(target, find(target, file))?.filter((member) => !left.has(member));
}

/** Where the body opens: the first brace outside of the type parameters. */
function bodyStart(text: string, from: number): number {
  let depth = 0;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === "<") depth++;
    else if (character === ">" && text[index - 1] !== "=") depth--;
    else if (character === "{" && depth === 0) return index;
  }
  throw new Error("An interface without a body.");
}

function withoutGenerics(text: string): string {
  let result = text;
  for (;;) {
    const next = result.replace(/<[^<>]*>/g, "");
    if (next === result) return result;
    result = next;
  }
}

/** Names of the members of a body that ends at its closing brace. */
function ownMembers(body: string): string[] {
  const members: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of body) {
    if (depth === 0 && character === "}") break;
    if ("{([".includes(character)) depth++;
    if ("})]".includes(character)) depth--;
    if (character !== ";" || depth > 0) {
      current += character;
      continue;
    }
    const name = /^\s*(?:readonly\s+)?(\w+)\??\s*[:(<]/.exec(current)?.[1];
    if (name !== undefined) members.push(name);
    current = "";
  }
  return members;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

function read(file: URL): string {
  return readFileSync(file, "utf8");
}
