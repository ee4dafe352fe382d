import type { PluginHook } from "./base-plugin.ts";

type Kind = "a Content" | "an LlmResponse" | "members of an Event" | "an object with a result";

/** What the hooks that may answer answer with. */
const ANSWERS: Readonly<Partial<Record<PluginHook, Kind>>> = {
  onUserMessageCallback: "a Content",
  beforeRunCallback: "a Content",
  onEventCallback: "members of an Event",
  beforeYieldCallback: "members of an Event",
  beforeAgentCallback: "a Content",
  afterAgentCallback: "a Content",
  beforeModelCallback: "an LlmResponse",
  afterModelCallback: "an LlmResponse",
  onModelErrorCallback: "an LlmResponse",
  beforeToolCallback: "an object with a result",
  afterToolCallback: "an object with a result",
  onToolErrorCallback: "an object with a result",
};

/** What an answer should have been; `undefined` when it is that. */
export function expectedAnswer(hook: PluginHook, answer: unknown): string | undefined {
  const kind = ANSWERS[hook];
  return kind === undefined || fits(kind, answer) ? undefined : kind;
}

function fits(kind: Kind, answer: unknown): boolean {
  if (!isRecord(answer)) return false;
  switch (kind) {
    case "a Content":
      return hasParts(answer);
    case "an object with a result":
      return true;
    default: {
      const { content } = answer;
      return (
        content === undefined || content === null || (isRecord(content) && mayBeContent(content))
      );
    }
  }
}

function mayBeContent(content: Record<string, unknown>): boolean {
  return content["parts"] === undefined || content["parts"] === null || hasParts(content);
}

function hasParts({ parts }: Record<string, unknown>): boolean {
  return Array.isArray(parts) && parts.every(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
