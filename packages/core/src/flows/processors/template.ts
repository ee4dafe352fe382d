import type { ReadonlyContext } from "../../context/readonly-context.ts";
import { AdkError } from "../../errors.ts";

/** `{…}` and `{{…}}`, unless `$` or `\` stands before it. */
const PLACEHOLDER = /(?<![$\\])\{+[^{}]*\}+/g;
const STATE_NAME = /^(?:app:|user:|temp:)?[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * Puts state and artifacts into an instruction: `{name}`, `{app:name}`, `{user:name}`, `{temp:name}`, `{artifact.file}`;
 * with `?` before the closing brace an absent one is the empty text. Anything else in braces stays as it is.
 *
 * @throws AdkError `FAILED_PRECONDITION` for a name that is absent and not optional.
 */
export async function fillTemplate(template: string, context: ReadonlyContext): Promise<string> {
  if (!template.includes("{")) return template;
  let result = "";
  let end = 0;
  for (const match of template.matchAll(PLACEHOLDER)) {
    result += template.slice(end, match.index) + (await valueOf(match[0], context));
    end = match.index + match[0].length;
  }
  return result + template.slice(end);
}

async function valueOf(placeholder: string, context: ReadonlyContext): Promise<string> {
  let name = placeholder.replace(/^\{+|\}+$/g, "").trim();
  const optional = name.endsWith("?");
  if (optional) name = name.slice(0, -1);
  if (name.startsWith("artifact.")) return await artifactText(name.slice(9), optional, context);
  if (!STATE_NAME.test(name)) return placeholder;
  const value = context.state.get(name);
  if (value !== undefined) return textOf(value);
  if (optional) return "";
  throw new AdkError(
    "FAILED_PRECONDITION",
    `The instruction of agent ${context.agentName} needs state ${name}, which is not set. Set it, or write {${name}?} if it may be missing.${
      name.startsWith("temp:")
        ? " (temp: state lives as long as one run; it is gone when an invocation is resumed.)"
        : ""
    }`,
    { details: { agent: context.agentName, name } },
  );
}

async function artifactText(
  filename: string,
  optional: boolean,
  context: ReadonlyContext,
): Promise<string> {
  const service = context.invocationContext.artifactService;
  if (service === undefined)
    throw new AdkError(
      "FAILED_PRECONDITION",
      `The instruction of agent ${context.agentName} needs artifact ${filename}, but the runner has no \`artifactService\`. Give it one.`,
    );
  const part = await service.loadArtifact({ filename });
  if (part?.text !== undefined) return part.text;
  const { inlineData } = part ?? {};
  if (inlineData?.data !== undefined && inlineData.mimeType?.startsWith("text/"))
    return new TextDecoder().decode(
      Uint8Array.from(atob(inlineData.data), (character) => character.charCodeAt(0)),
    );
  if (part) return `[artifact ${filename}, ${inlineData?.mimeType ?? "a file"}]`;
  if (optional) return "";
  throw new AdkError(
    "FAILED_PRECONDITION",
    `The instruction of agent ${context.agentName} needs artifact ${filename}, which does not exist. Save it, or write {artifact.${filename}?} if it may be missing.`,
    { details: { agent: context.agentName, filename } },
  );
}

function textOf(value: unknown): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
