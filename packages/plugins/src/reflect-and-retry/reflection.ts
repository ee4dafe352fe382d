/** How long failures in a row are counted. */
export const TrackingScope = {
  /** Within one invocation; the count goes on when it is resumed. */
  INVOCATION: "invocation",
  /** Over all invocations of this plugin in this process. */
  GLOBAL: "global",
} as const;
export type TrackingScope = (typeof TrackingScope)[keyof typeof TrackingScope];

/** `response_type` of what a model reads about a failure. */
export const REFLECT_AND_RETRY_RESPONSE_TYPE = "ERROR_HANDLED_BY_REFLECT_AND_RETRY_PLUGIN";

/** What a model reads about a failure. */
export interface Reflection {
  readonly response_type: typeof REFLECT_AND_RETRY_RESPONSE_TYPE;
  readonly error_type: string;
  readonly error_details: string;
  /** How often in a row it has failed. */
  readonly retry_count: number;
  readonly reflection_guidance: string;
}

/** Whether a tool's response is a {@link Reflection}. */
export function isReflection(response: unknown): response is Reflection {
  return (
    typeof response === "object" &&
    response !== null &&
    (response as Partial<Reflection>).response_type === REFLECT_AND_RETRY_RESPONSE_TYPE
  );
}

/** The class of an error and what it says, or the text of anything else. */
export function describeError(error: unknown): { type: string; details: string } {
  if (error instanceof Error) return { type: error.name, details: error.message };
  return {
    type: "ToolError",
    details: typeof error === "string" ? error : (JSON.stringify(error) ?? String(error)),
  };
}
