import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };

/** The code doors of the package: specifier and the source behind it. */
const doors = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === "string"
    ? []
    : [{ name: path.replace(/^\./, "@adk/core"), source: `../${target["@adk/source"]}` }],
);

/** What a barrel names, as `name` or `type name`. A barrel holds comments and `export { … } from` only. */
function namesOf(text: string): string[] {
  const names: string[] = [];
  const rest = text
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    .replaceAll(
      /export\s+(type\s+)?\{([^}]*)\}\s*from\s*"[^"]+";/g,
      (_all, type: string | undefined, list: string) => {
        for (const item of list.split(",").map((part) => part.trim())) {
          if (item === "") continue;
          const isType = type !== undefined || item.startsWith("type ");
          const name = item.replace(/^type\s+/, "").replace(/^.*\sas\s+/, "");
          names.push(isType ? `type ${name}` : name);
        }
        return "";
      },
    );
  expect(rest.trim(), "a barrel names each export: `export { … } from`, nothing else").toBe("");
  return names;
}

// A change of these lists is a change of the public interface: read the diff, then
// `npx vitest run --project @adk/core doors -u` writes test/doors.txt anew.
describe("the doors of @adk/core", () => {
  const lists = doors.map(({ name, source }) => ({
    name,
    source,
    names: namesOf(readFileSync(new URL(source, import.meta.url), "utf8")).toSorted(),
  }));

  it("are these, with these names behind them", async () => {
    const text = lists.map(({ name, names }) => [name, ...names.map((n) => `  ${n}`)].join("\n"));
    await expect(text.join("\n\n") + "\n").toMatchFileSnapshot("./doors.txt");
  });

  it.each(lists)("$name exports at run time what it names", async ({ source, names }) => {
    const module = (await import(/* @vite-ignore */ source)) as Record<string, unknown>;
    expect(Object.keys(module).toSorted()).toEqual(
      names.filter((name) => !name.startsWith("type ")),
    );
    for (const [name, value] of Object.entries(module)) expect(value, name).toBeDefined();
  });

  it("name nothing twice", () => {
    for (const { names } of lists) expect(names).toEqual([...new Set(names)]);
  });
});
