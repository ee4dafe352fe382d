import { afterEach, describe, expect, it, vi } from "vitest";
import type { Event } from "@adk/core";
import type * as CheckpointModule from "../../core/src/agents/checkpoint.ts";
import type * as RunStepModule from "../../core/src/agents/run-step.ts";
import type * as NextStepModule from "../../core/src/flows/next-step.ts";
import type * as RecordsModule from "../../core/src/flows/tools/records.ts";
import type * as CallStatesModule from "../../core/src/log/call-states.ts";
import type * as IsSettledModule from "../../core/src/runner/is-settled.ts";
import type * as RunModule from "../../core/src/runner/run.ts";

/** An engine with one thing wrong, and the shapes that show it. */
interface BrokenEngine {
  readonly name: string;
  readonly shapes: readonly string[];
  /** Replaces a module of core. */
  readonly breaks: () => void;
}

const CORE = "../../core/src";

const BROKEN_ENGINES: readonly BrokenEngine[] = [
  {
    name: "takes a record for a call's, whatever released it since",
    shapes: ["confirm-two-one-by-one", "confirm-beside-normal"],
    breaks: () =>
      vi.doMock(
        `${CORE}/log/call-states.ts`,
        async (importOriginal: () => Promise<typeof CallStatesModule>) => {
          const original = await importOriginal();
          return {
            ...original,
            callStates: (events: readonly Event[]): CallStatesModule.CallStates => {
              const states = original.callStates(events);
              const calls = [...states.calls].map(([id, state]) => {
                const record = events.find(({ toolRecord }) => toolRecord?.callId === id);
                return [id, { ...state, record: record?.toolRecord }] as const;
              });
              return { ...states, calls: new Map(calls) };
            },
          };
        },
      ),
  },
  {
    name: "takes the end of the root for the end of the invocation",
    shapes: ["transfer", "callbacks-of-a-transfer"],
    breaks: () =>
      vi.doMock(
        `${CORE}/runner/is-settled.ts`,
        async (importOriginal: () => Promise<typeof IsSettledModule>) => {
          const { isSettled } = await importOriginal();
          return {
            isSettled: (...parameters: Parameters<typeof isSettled>): boolean => {
              const [{ rootAgent }, , { session }, { invocationId }] = parameters;
              const hasEnded = session.events.some(
                (event) =>
                  event.invocationId === invocationId &&
                  event.author === rootAgent.name &&
                  event.actions.endOfAgent,
              );
              return hasEnded || isSettled(...parameters);
            },
          };
        },
      ),
  },
  {
    name: "leaves no record of a call that waits",
    shapes: ["long-two-one-by-one", "parallel-both-pause-one-by-one"],
    breaks: () =>
      vi.doMock(
        `${CORE}/flows/tools/records.ts`,
        async (importOriginal: () => Promise<typeof RecordsModule>) => {
          const { record } = await importOriginal();
          return {
            record: async (...[context, toolRecord]: Parameters<typeof record>): Promise<void> => {
              if (toolRecord.response !== undefined) await record(context, toolRecord);
            },
          };
        },
      ),
  },
  {
    name: "gives the run of an agent tool a new invocation each time",
    shapes: ["agent-tool", "agent-tool-waits"],
    breaks: () =>
      vi.doMock(
        `${CORE}/runner/run.ts`,
        async (importOriginal: () => Promise<typeof RunModule>) => {
          const { Run } = await importOriginal();
          return {
            Run: class extends Run {
              constructor(...parameters: ConstructorParameters<typeof Run>) {
                const [settings, request, ...others] = parameters;
                const invocationId = request.invocationId?.startsWith("e-")
                  ? `e-${settings.newId()}`
                  : request.invocationId;
                super(settings, { ...request, invocationId }, ...others);
              }
            },
          };
        },
      ),
  },
  {
    name: "remembers that somebody escalated instead of reading it",
    shapes: ["loop-escalates", "loop-of-sequence"],
    breaks: () =>
      vi.doMock(
        `${CORE}/agents/run-step.ts`,
        async (importOriginal: () => Promise<typeof RunStepModule>) => {
          const { runStep } = await importOriginal();
          return {
            async *runStep(
              ...parameters: Parameters<typeof runStep>
            ): AsyncGenerator<Event, RunStepModule.StepOutcome, undefined> {
              const step = runStep(...parameters);
              let escalated = false;
              for (;;) {
                const next = await step.next();
                if (!next.done) {
                  yield next.value;
                  escalated ||= next.value.actions.escalate ?? false;
                } else if (next.value === "escalated" || next.value === "done")
                  return escalated ? "escalated" : "done";
                else return next.value;
              }
            },
          };
        },
      ),
  },
  {
    name: "makes calls again whose responses are stored",
    shapes: ["one-tool", "three-tools-twice"],
    breaks: () =>
      vi.doMock(
        `${CORE}/flows/next-step.ts`,
        async (importOriginal: () => Promise<typeof NextStepModule>) => {
          const { nextStep } = await importOriginal();
          return {
            nextStep: (request: NextStepModule.StepRequest): NextStepModule.Step =>
              nextStep({
                ...request,
                events: request.events.filter(
                  ({ content, sequence = 0 }) =>
                    sequence > request.openedAt ||
                    !content?.parts?.some((part) => part.functionResponse),
                ),
              }),
          };
        },
      ),
  },
  {
    name: "makes calls again whose records are stored",
    shapes: ["two-tools", "agent-tool-beside-tools"],
    breaks: () =>
      vi.doMock(
        `${CORE}/log/call-states.ts`,
        async (importOriginal: () => Promise<typeof CallStatesModule>) => {
          const original = await importOriginal();
          return {
            ...original,
            callStates: (events: readonly Event[]): CallStatesModule.CallStates =>
              original.callStates(events.filter(({ toolRecord }) => !toolRecord?.response)),
          };
        },
      ),
  },
  {
    name: "skips a checkpoint",
    shapes: ["sequence-pauses", "loop-to-its-end"],
    breaks: () =>
      vi.doMock(
        `${CORE}/agents/checkpoint.ts`,
        async (importOriginal: () => Promise<typeof CheckpointModule>) => {
          const original = await importOriginal();
          return {
            ...original,
            async *checkpoint(
              ...[context, state]: Parameters<typeof original.checkpoint>
            ): AsyncGenerator<Event, number, undefined> {
              const [first] = context.agent.subAgents;
              const name = state["current_sub_agent"];
              if (name !== undefined && name !== first?.name) return context.session.events.length;
              return yield* original.checkpoint(context, state);
            },
          };
        },
      ),
  },
];

describe("cuts", () => {
  afterEach(() => {
    vi.doUnmock(`${CORE}/log/call-states.ts`);
    vi.doUnmock(`${CORE}/runner/is-settled.ts`);
    vi.doUnmock(`${CORE}/flows/tools/records.ts`);
    vi.doUnmock(`${CORE}/runner/run.ts`);
    vi.doUnmock(`${CORE}/agents/run-step.ts`);
    vi.doUnmock(`${CORE}/flows/next-step.ts`);
    vi.doUnmock(`${CORE}/agents/checkpoint.ts`);
    vi.resetModules();
  });

  for (const { name, shapes, breaks } of BROKEN_ENGINES)
    it(`find an engine that ${name}`, { timeout: 60_000 }, async () => {
      vi.resetModules();
      breaks();
      const { SHAPES } = await import("../src/crash/shapes.ts");
      const { sweep } = await import("../src/crash/sweep.ts");
      for (const shapeName of shapes) {
        const shape = SHAPES.find((one) => one.name === shapeName);
        if (shape === undefined) throw new Error(`There is no shape ${shapeName}.`);
        const { differences } = await sweep(shape, { every: 5 });
        expect(differences.length, shapeName).toBeGreaterThan(0);
      }
    });
});
