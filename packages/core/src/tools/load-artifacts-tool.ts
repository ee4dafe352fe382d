import type { Content, Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { appendInstructions } from "../models/append-to-request.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import { asPartForModel } from "./artifact-part.ts";
import type { ToolProcessLlmRequest } from "./base-tool.ts";
import { FunctionTool } from "./function-tool.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

const NAME = "load_artifacts";

/**
 * Lets the model look at artifacts. It is told their names; those it asks for stand in the next request, and only there:
 * they are never stored in the conversation.
 */
export class LoadArtifactsTool extends FunctionTool<JsonSchema> {
  constructor() {
    super({
      name: NAME,
      description:
        "Loads artifacts into the session for this request.\n\nNOTE: Call when you need access to artifacts (for example, uploads saved by the web UI).",
      parameters: {
        type: "object",
        properties: {
          artifact_names: {
            type: "array",
            items: { type: "string" },
            description: "The names of the artifacts to load.",
          },
        },
      },
      execute: ({ artifact_names = [] }: { artifact_names?: string[] }) => ({
        artifact_names,
        status:
          "artifact contents temporarily inserted and removed. to access these artifacts, call load_artifacts tool again.",
      }),
    });
  }

  override async processLlmRequest(request: ToolProcessLlmRequest): Promise<void> {
    await super.processLlmRequest(request);
    const { toolContext, llmRequest } = request;
    if (toolContext.invocationContext.artifactService === undefined) return;
    const names = await toolContext.listArtifacts();
    const wanted = askedFor(llmRequest);
    if (names.length > 0) appendInstructions(llmRequest, [instruction(names)]);
    for (const name of wanted) llmRequest.contents.push(await load(name, names, toolContext));
  }
}

function instruction(names: readonly string[]): string {
  return `You have a list of artifacts:
  ${JSON.stringify(names)}

  When the user asks questions about any of the artifacts, you should call the
  \`load_artifacts\` function to load the artifact. Always call load_artifacts
  before answering questions related to the artifacts, regardless of whether the
  artifacts have been loaded before. Do not depend on prior answers about the
  artifacts.`;
}

/** The names in the response that the request ends with. */
function askedFor({ contents }: LlmRequest): string[] {
  const last = contents.at(-1);
  if (last?.role !== "user") return [];
  const names = (last.parts ?? []).flatMap(({ functionResponse }: Part): unknown[] => {
    const asked = functionResponse?.name === NAME && functionResponse.response?.["artifact_names"];
    return Array.isArray(asked) ? asked : [];
  });
  return [...new Set(names.filter((name) => typeof name === "string"))];
}

/** Only names that exist are asked for: the model may have made one up. `report` also finds `user:report`. */
async function load(
  name: string,
  names: readonly string[],
  toolContext: Context,
): Promise<Content> {
  const found = [name, `user:${name}`].find((candidate) => names.includes(candidate));
  const part = found === undefined ? undefined : await toolContext.loadArtifact(found);
  return part === undefined
    ? { role: "user", parts: [{ text: `There is no artifact ${name}.` }] }
    : { role: "user", parts: [{ text: `Artifact ${name} is:` }, asPartForModel(part, name)] };
}

/** A {@link LoadArtifactsTool} for an agent's `tools`. */
export const LOAD_ARTIFACTS: LoadArtifactsTool = new LoadArtifactsTool();
