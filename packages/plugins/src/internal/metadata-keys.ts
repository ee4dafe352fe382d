/** Where an event's `customMetadata` says what a budget was charged. */
export const CHARGES_KEY = "adk_budget";

/** Where it holds the stamps of its calls, by call id. */
export const STAMPS_KEY = "_tool_call_hmac";
