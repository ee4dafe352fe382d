/** Writes the API reference into `out`. Ends with 1 when anything in it warns: a link that leads nowhere, a tag that is unknown. */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Converter, type DeclarationReflection } from "typedoc";
import { doors } from "./doors.ts";
import { linkExports } from "./link-exports.ts";

const HERE = new URL("../", import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, HERE));
const ROOT = path("../..");

const all = doors();
const app = await Application.bootstrap({
  name: "@adk",
  entryPoints: all.map(({ source }) => source),
  tsconfig: path("tsconfig.doors.json"),
  basePath: ROOT,
  out: path("out"),
  readme: "none",
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  treatWarningsAsErrors: true,
});

// After comments were inherited, before links are followed.
app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => linkExports(project), -200);

const project = await app.convert();
if (project !== undefined) {
  for (const module of project.children ?? []) module.name = doorOf(module);
  app.validate(project);
  await app.generateOutputs(project);
}
if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings())
  process.exitCode = 1;

/** A module is called as it is imported, not by its file. */
function doorOf({ name }: DeclarationReflection): string {
  const fileOf = (source: string): string => relative(ROOT, source).split(sep).join("/");
  const door = all.find(({ source }) => fileOf(source).replace(/(?:\/index)?\.ts$/, "") === name);
  return door?.name ?? name;
}
