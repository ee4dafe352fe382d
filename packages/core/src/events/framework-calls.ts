/** The framework's own call that asks a person to approve another one. */
export const REQUEST_CONFIRMATION_FUNCTION_CALL_NAME = "adk_request_confirmation";

/** Calls that only the framework makes; a model never sees them, nor their answers. `adk_request_input` it does see. */
export const FRAMEWORK_CALLS: ReadonlySet<string> = new Set([
  "adk_framework",
  "adk_request_credential",
  REQUEST_CONFIRMATION_FUNCTION_CALL_NAME,
]);
