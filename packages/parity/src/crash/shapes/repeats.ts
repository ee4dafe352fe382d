import { AdkError, type Context, FunctionTool, type OnRepeat } from "@adk/core";
import { calls, type Kit } from "../kit.ts";
import type { Witness } from "../kit-world.ts";
import { reject, say, type Shape } from "../shape.ts";

/** What the model reads of a call that was interrupted. The tools say the same, so that it does not matter whether they were. */
const NOT_REPEATED = "The call of pay was interrupted and is not repeated; its outcome is unknown.";
const ASKED = "This tool call was interrupted. A person was asked whether to repeat it.";
const QUESTION =
  "The call of pay was interrupted and may have been made already. Shall it be made again?";

/** Calls that began, by what outlives the process. */
const begun: WeakMap<Witness, Set<string>> = new WeakMap();

/** A tool whose body must not run again, whatever happens: it ends the run when it does. */
function once(kit: Kit, onRepeat: OnRepeat, body: (context: Context) => unknown): FunctionTool {
  const { world } = kit;
  return new FunctionTool({
    name: "pay",
    description: "Pays.",
    parameters: { type: "object", properties: { input: { type: "string" } } },
    onRepeat,
    execute: async (_input: unknown, context: Context) => {
      const { functionCallId = "" } = context;
      await world.outside(() => {
        const calls = begun.get(world.universe) ?? new Set();
        begun.set(world.universe, calls);
        if (calls.has(functionCallId))
          throw new AdkError("TOOL_FAILED", `The body of ${functionCallId} ran again.`);
        calls.add(functionCallId);
      });
      const result = body(context);
      await world.outside(() => undefined);
      return result;
    },
  }) as FunctionTool;
}

/** Asks what the engine asks about a call that was interrupted. */
function ask(context: Context): object {
  context.requestConfirmation({ hint: QUESTION });
  const request = context.actions.requestedToolConfirmations[context.functionCallId ?? ""];
  if (request) request.attempt = 2;
  context.actions.skipSummarization = true;
  return { error: ASKED };
}

/** Tools that are not to be called twice. */
export const REPEATS: readonly Shape[] = [
  {
    name: "fails-on-repeat",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("pay"), "Done."], {
          tools: [once(kit, "fail", () => ({ error: NOT_REPEATED }))],
        }),
      ),
    steps: [say("Pay.")],
  },
  {
    name: "fails-on-repeat-beside-tools",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "pay", "two"), "Done."], {
          tools: [
            kit.tool("one"),
            once(kit, "fail", () => ({ error: NOT_REPEATED })),
            kit.tool("two"),
          ],
        }),
      ),
    steps: [say("Pay.")],
  },
  {
    name: "asks-on-repeat",
    app: (kit) =>
      kit.app(kit.llm("root", [calls("pay"), "Done."], { tools: [once(kit, "ask", ask)] })),
    steps: [say("Pay."), reject("pay")],
  },
  {
    name: "asks-on-repeat-beside-a-tool",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "pay"), "Done."], {
          tools: [kit.tool("one"), once(kit, "ask", ask)],
        }),
      ),
    steps: [say("Pay."), reject("pay")],
  },
];
