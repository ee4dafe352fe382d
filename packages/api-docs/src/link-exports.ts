import {
  type CommentDisplayPart,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from "typedoc";

/**
 * Leads links that name an export to it, whichever door it stands in.
 *
 * The compiler follows a name where it is imported. A comment that an adapter inherits names what only core imports.
 */
export function linkExports(project: ProjectReflection): void {
  const exported = exportsOf(project);
  for (const { comment } of Object.values(project.reflections)) {
    if (comment === undefined) continue;
    const parts = [comment.summary, ...comment.blockTags.map(({ content }) => content)].flat();
    for (const part of parts) link(part, exported);
  }
}

/** By name; one that several doors export differently is in none. */
function exportsOf(project: ProjectReflection): Map<string, Reflection> {
  const found = new Map<string, Reflection>();
  const doubtful = new Set<string>();
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    if (!module.isDeclaration()) continue;
    for (const child of module.children ?? []) {
      if (child.kindOf(ReflectionKind.Reference)) continue;
      if (found.has(child.name)) doubtful.add(child.name);
      found.set(child.name, child);
    }
  }
  for (const name of doubtful) found.delete(name);
  return found;
}

function link(part: CommentDisplayPart, exported: ReadonlyMap<string, Reflection>): void {
  if (part.kind !== "inline-tag" || part.tag !== "@link") return;
  const target = exported.get(part.text.trim());
  if (target !== undefined) part.target = target;
}
