import type { Content, LlmRequest } from "@adk/core";

/** What a tool responded to a call. */
export interface ToolResult {
  readonly name: string;
  readonly response: Readonly<Record<string, unknown>>;
}

/** What a request says about where the conversation stands. */
export interface Situation {
  /** What the user said last. */
  readonly text: string;
  /** What the tools have responded since, in order. */
  readonly results: readonly ToolResult[];
  /** The tools that may be called. */
  readonly tools: ReadonlySet<string>;
  /** The agents that the conversation may be handed over to. */
  readonly agents: readonly string[];
  /** Whether another agent has handed it over since. */
  readonly isHandedOver: boolean;
  /** The last answer before. */
  readonly lastAnswer: string;
}

export function readSituation({ contents, config }: LlmRequest): Situation {
  const at = contents.findLastIndex(isUsersWord);
  const since = contents.slice(at + 1);
  const declarations = (config?.tools ?? []).flatMap((tool) =>
    "functionDeclarations" in tool ? (tool.functionDeclarations ?? []) : [],
  );
  return {
    text: textOf(contents[at]),
    results: since.flatMap(({ parts }) =>
      (parts ?? []).flatMap(({ functionResponse }) =>
        functionResponse
          ? [{ name: functionResponse.name ?? "", response: functionResponse.response ?? {} }]
          : [],
      ),
    ),
    tools: new Set(declarations.flatMap(({ name }) => name ?? [])),
    agents: declarations
      .filter(({ name }) => name === "transfer_to_agent")
      .flatMap(({ parametersJsonSchema }) => agentNames(parametersJsonSchema)),
    isHandedOver: since.some((content) => textOf(content).includes("`transfer_to_agent`")),
    lastAnswer: textOf(
      contents.slice(0, Math.max(at, 0)).findLast((content) => {
        return content.role === "model" && textOf(content) !== "";
      }),
    ),
  };
}

/** Other agents' words come in the user's role too, as quotations. */
function isUsersWord(content: Content): boolean {
  return (
    content.role === "user" &&
    textOf(content) !== "" &&
    !textOf(content).includes("<<<BEGIN_QUOTED_AGENT_CONTENT>>>")
  );
}

function textOf(content: Content | undefined): string {
  return (content?.parts ?? []).map(({ text }) => text ?? "").join("");
}

function agentNames(schema: unknown): string[] {
  const { properties } = (schema ?? {}) as {
    properties?: { agent_name?: { enum?: string[] } };
  };
  return properties?.agent_name?.enum ?? [];
}
