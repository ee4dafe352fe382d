import { describe, expect, it } from "vitest";
import { LLM_AGENT_OPTIONS } from "../../src/agents/llm-agent-options.ts";
import { ANSWER_OPTIONS } from "../../src/runner/answer.ts";
import { LIST_PENDING_OPTIONS } from "../../src/runner/list-pending.ts";
import { RUN_CONFIG_OPTIONS } from "../../src/runner/read-run-config.ts";
import { RUN_REQUEST_OPTIONS } from "../../src/runner/run-request.ts";
import { RUNNER_OPTIONS } from "../../src/runner/runner-options.ts";
import { GAPS, isGap } from "./gaps.ts";
import { failingModels } from "./failing-models.ts";
import { publicOptions } from "./public-options.ts";
import { refused } from "./refused.ts";
import type { Row } from "./rows.ts";
import { agentRows, partRows } from "./rows/agent-rows.ts";
import { artifactRows } from "./rows/artifact-rows.ts";
import { compactionRows } from "./rows/compaction-rows.ts";
import { memoryRows } from "./rows/memory-rows.ts";
import { pluginRows } from "./rows/plugin-rows.ts";
import { runnerRows } from "./rows/runner-rows.ts";
import { sessionRows } from "./rows/session-rows.ts";
import { World } from "./world.ts";

const rows: readonly Row[] = [
  ...runnerRows,
  ...agentRows,
  ...partRows,
  ...sessionRows,
  ...artifactRows,
  ...compactionRows,
  ...memoryRows,
  ...pluginRows,
];

/** Interfaces of these names that no caller fills in, or whose members go nowhere. */
const NOT_OPTIONS: Readonly<Record<string, string>> = {
  AdkErrorOptions: "of an error that somebody makes: an error does not fail",
  CreateEventParams:
    "of an event: its values are checked when it is appended (AppendEventRequest.event)",
  DeadlineOptions: "filled in by stores, from options that were checked",
  LlmRequest: "made by the engine, for models and hooks",
  PendingRequest: "what `listPending` gives",
  SummarizeEventsRequest: "made by the engine, for summarizers",
  RunAsyncToolRequest: "made by the engine, for tools",
  ToolProcessLlmRequest: "made by the engine, for tools",
};

/** Options that cannot be wrong: they are kept for others and read by nobody here. */
const NOT_READ: Readonly<Record<string, string>> = {
  "AuthConfig.authScheme": "for clients",
  "AuthConfig.rawAuthCredential": "for clients",
};

const options = publicOptions();

describe("the table of bad input", () => {
  it("has a row for every public option", () => {
    const having = new Set(rows.map(({ option }) => option));
    const missing = [...options]
      .filter(([name]) => !(name in NOT_OPTIONS))
      .flatMap(([name, members]) => members.map((member) => `${name}.${member}`))
      .filter((option) => !having.has(option) && !(option in NOT_READ));
    expect(missing).toEqual([]);
  });

  it("reads the members of every interface", () => {
    const unread = [...options]
      .filter(([name, members]) => members.length === 0 && !(name in NOT_OPTIONS))
      .map(([name]) => name);
    expect(unread).toEqual([]);
    for (const [name, table] of [
      ["RunnerConfig", RUNNER_OPTIONS],
      ["RunAsyncRequest", RUN_REQUEST_OPTIONS],
      ["AnswerRequest", ANSWER_OPTIONS],
      ["ListPendingRequest", LIST_PENDING_OPTIONS],
      ["RunConfig", RUN_CONFIG_OPTIONS],
      ["LlmAgentConfig", LLM_AGENT_OPTIONS],
    ] as const)
      expect(options.get(name)?.toSorted(), name).toEqual(Object.keys(table).toSorted());
  });

  it("excuses nothing that is not there", () => {
    const members = [...options].flatMap(([name, list]) => list.map((one) => `${name}.${one}`));
    expect(Object.keys(NOT_OPTIONS).filter((name) => !options.has(name))).toEqual([]);
    expect(Object.keys(NOT_READ).filter((name) => !members.includes(name))).toEqual([]);
    const titles = [...rows.map(titleOf), ...failingModels.map(({ title }) => title)];
    expect(GAPS.filter((gap) => !titles.some((title) => gap.cases.test(title)))).toEqual([]);
  });
});

describe.each([...Map.groupBy(rows, ({ option }) => option)])("%s", (_option, ofOption) => {
  for (const row of ofOption) {
    (isGap(titleOf(row)) ? it.fails : it)(`is not ${row.given}`, async () => {
      const world = await World.create();
      await refused(() => row.use(world), row.code, row.says);
      await world.expectUntouched();
      await world.ping();
    });
  }
});

function titleOf({ option, given }: Row): string {
  return `${option} is not ${given}`;
}
