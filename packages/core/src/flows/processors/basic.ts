import type { GenerateContentConfig } from "../../content/content.ts";
import { setOutputSchema } from "../../models/append-to-request.ts";
import { agentOf } from "../agent-of.ts";
import type { RequestProcessor } from "./request-processor.ts";

/** The model's name, the agent's configuration with the run's options over it, and the schema of the answer. */
export const basic: RequestProcessor = (context, request) => {
  const agent = agentOf(context);
  const { httpOptions, labels, serviceTier } = context.runConfig;
  request.model = agent.canonicalModel.model;
  const config: GenerateContentConfig = agent.generateContentConfig
    ? copyConfig(agent.generateContentConfig)
    : {};
  request.config = config;
  if (httpOptions)
    config.httpOptions = {
      ...config.httpOptions,
      ...httpOptions,
      headers: { ...config.httpOptions?.headers, ...httpOptions.headers },
    };
  if (labels) config.labels = { ...config.labels, ...labels };
  if (serviceTier !== undefined) Object.assign(config, { serviceTier });
  // Beside tools the answer comes through a tool of its own (`outputSchema`).
  const outputFormat = agent.tools.length > 0 ? undefined : agent.outputFormat;
  if (outputFormat?.genaiSchema) setOutputSchema(request, outputFormat.genaiSchema);
  else if (outputFormat) {
    config.responseJsonSchema = outputFormat.jsonSchema;
    config.responseMimeType = "application/json";
  }
};

/** A deep copy of plain objects and lists; anything else (a signal, an instance) is shared. */
function copyConfig<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => copyConfig(item)) as T;
  if (
    typeof value !== "object" ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = copyConfig(member);
  return copy as T;
}
