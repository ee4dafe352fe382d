import type { Content } from "../../content/content.ts";
import { ReadonlyContext } from "../../context/readonly-context.ts";
import { appendInstructions } from "../../models/append-to-request.ts";
import { agentOf } from "../agent-of.ts";
import { fillTemplate } from "./template.ts";
import type { RequestProcessor } from "./request-processor.ts";

const PREAMBLE =
  "The lines between the markers are part of your system instruction. They stand here because they change from turn to turn.";
const BEGIN = "<<<BEGIN_SYSTEM_INSTRUCTION>>>";
const END = "<<<END_SYSTEM_INSTRUCTION>>>";
const ELIDED = "<<<ELIDED_MARKER>>>";

/**
 * System text: the root's global instruction, the static one, the agent's own. Beside a static instruction, which stays the
 * same so that providers can cache it, the agent's own becomes a user content (added by `placeInstructions`).
 */
export const instructions: RequestProcessor = async (context, request) => {
  const agent = agentOf(context);
  const root = agent.rootAgent;
  const readonly = new ReadonlyContext(context);
  const globalInstruction =
    "globalInstruction" in root ? (root as typeof agent).globalInstruction : "";
  if (globalInstruction !== "")
    appendInstructions(request, [await resolve(globalInstruction, readonly)]);
  if (agent.staticInstruction !== undefined)
    appendInstructions(request, [textOf(agent.staticInstruction)]);
  else if (agent.instruction !== "") {
    const text = await resolve(agent.instruction, readonly);
    if (text !== "") appendInstructions(request, [text]);
  }
};

/** Runs after the contents are built: what belongs before the trailing words of the user, but after a response. */
export const placeInstructions: RequestProcessor = async (context, request) => {
  const agent = agentOf(context);
  const added: Content[] = [...filesOf(agent.staticInstruction)];
  if (agent.staticInstruction !== undefined && agent.instruction !== "") {
    const text = await resolve(agent.instruction, new ReadonlyContext(context));
    const elided = text.replaceAll(BEGIN, ELIDED).replaceAll(END, ELIDED);
    if (text !== "")
      added.push({ role: "user", parts: [{ text: `${PREAMBLE}\n${BEGIN}\n${elided}\n${END}` }] });
  }
  added.push(...(context.runConfig.modelInputContext ?? []));
  if (added.length > 0) request.contents.splice(trailingUserStart(request.contents), 0, ...added);
};

/** A provider's text is taken as it is; a template is filled. */
async function resolve(
  instruction: string | ((context: ReadonlyContext) => string | Promise<string>),
  context: ReadonlyContext,
): Promise<string> {
  return typeof instruction === "function"
    ? await instruction(context)
    : await fillTemplate(instruction, context);
}

function trailingUserStart(contents: readonly Content[]): number {
  let start = contents.length;
  while (start > 0) {
    const content = contents[start - 1];
    if (content?.role !== "user" || content.parts?.some((part) => part.functionResponse)) break;
    start--;
  }
  return start;
}

function textOf(instruction: string | Content): string {
  if (typeof instruction === "string") return instruction;
  return (instruction.parts ?? [])
    .map((part, index) => part.text ?? `[file ${index} follows as a content of the user]`)
    .join("\n");
}

function filesOf(instruction: string | Content | undefined): Content[] {
  if (instruction === undefined || typeof instruction === "string") return [];
  return (instruction.parts ?? []).flatMap((part, index) =>
    part.text === undefined
      ? [{ role: "user", parts: [{ text: `[file ${index} of the system instruction]` }, part] }]
      : [],
  );
}
