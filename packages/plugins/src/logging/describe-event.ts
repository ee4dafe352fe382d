import type { Event } from "@adk/core";
import { type DescribeOptions, describeContent } from "../internal/describe-content.ts";

/** One line for an event: what it says, and what it does. */
export function describeEvent(event: Event, options: DescribeOptions): string {
  const { actions, content, errorCode, longRunningToolIds = [], stateRemoved = [] } = event;
  const words: string[] = [];
  if (content) words.push(describeContent(content, options));
  if (errorCode !== undefined) words.push(`error ${errorCode}`);
  list(words, "state", Object.keys(actions.stateDelta));
  list(words, "state removed", stateRemoved);
  list(words, "artifacts", versionsOf(actions.artifactDelta));
  list(words, "waits for", longRunningToolIds);
  list(words, "asks approval of", Object.keys(actions.requestedToolConfirmations));
  list(words, "asks credentials for", Object.keys(actions.requestedAuthConfigs));
  if (actions.transferToAgent !== undefined) words.push(`transfer to ${actions.transferToAgent}`);
  if (actions.escalate) words.push("escalates");
  if (actions.endOfAgent) words.push("end of agent");
  return words.join("; ") || "nothing";
}

function list(words: string[], title: string, names: readonly string[]): void {
  if (names.length > 0) words.push(`${title} ${names.join(", ")}`);
}

function versionsOf(artifactDelta: Record<string, number>): string[] {
  return Object.entries(artifactDelta).map(([filename, version]) => `${filename} v${version}`);
}
