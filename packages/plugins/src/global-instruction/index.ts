/** `@adk/plugins/global-instruction`: one instruction for all agents of an app. */
export { GlobalInstructionPlugin } from "./global-instruction-plugin.ts";
