import { appendInstructions } from "../../models/append-to-request.ts";
import { agentOf } from "../agent-of.ts";
import type { RequestProcessor } from "./request-processor.ts";

/** Tells the agent its name and what it is for. */
export const identity: RequestProcessor = (context, request) => {
  const { name, description } = agentOf(context);
  const text = `You are an agent; your name inside this application is "${name}".`;
  appendInstructions(request, [
    description === "" ? text : `${text} What you are for: "${description}".`,
  ]);
};
