import { describeIssues, type StandardIssue } from "../../internal/standard-schema.ts";

/** More would only fill the model's context. */
const MAX_TOLD = 20;

/** What the model reads when its arguments do not fit; in ADK's words, naming each parameter. */
export function describeArgumentIssues(
  toolName: string,
  args: Readonly<Record<string, unknown>>,
  issues: readonly StandardIssue[],
): string {
  const missing = new Set<string>();
  const invalid: string[] = [];
  for (const issue of issues) {
    const steps = stepsOf(issue);
    if (steps.length > 0 && valueAt(args, steps) === undefined) missing.add(steps.join("."));
    else invalid.push(describeIssues([issue]));
  }
  const lines = [`Invoking \`${toolName}()\` failed`];
  if (missing.size > 0) lines[0] += " as the following mandatory input parameters are not present:";
  lines.push(...[...missing].slice(0, MAX_TOLD));
  if (invalid.length > 0) {
    const told = "the following input parameters are not valid:";
    if (missing.size > 0) lines.push(`and ${told}`);
    else lines[0] += ` as ${told}`;
    lines.push(...invalid.slice(0, MAX_TOLD));
  }
  lines.push(
    `You could retry calling this tool, but it is IMPORTANT for you to provide ${
      invalid.length > 0 ? "parameters that fit its declaration" : "all the mandatory parameters"
    }.`,
  );
  return lines.join("\n");
}

function stepsOf(issue: StandardIssue): string[] {
  return (issue.path ?? []).map((step) => String(typeof step === "object" ? step.key : step));
}

function valueAt(args: unknown, steps: readonly string[]): unknown {
  let value = args;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
