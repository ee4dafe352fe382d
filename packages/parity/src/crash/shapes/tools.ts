import { type Context } from "@adk/core";
import { calls, type Turn } from "../kit.ts";
import { answer, approve, reject, say, type Shape } from "../shape.ts";

const HI = say("Hello.");

/** An agent alone, with and without tools. */
export const PLAIN: readonly Shape[] = [
  { name: "text", app: (kit) => kit.app(kit.llm("root", ["Hello."])), steps: [HI] },
  {
    name: "two-turns",
    app: (kit) => kit.app(kit.llm("root", ["Hello.", "Again."])),
    steps: [HI, say("And now?", "i2")],
  },
  {
    name: "streamed",
    app: (kit) => kit.app(kit.llm("root", [calls("one"), "Done."], { tools: [kit.tool("one")] })),
    steps: [{ ...HI, streams: true }],
  },
  {
    name: "state-with-message",
    app: (kit) => kit.app(kit.llm("root", ["Your name is {name}."], { instruction: "{name}" })),
    steps: [{ ...HI, stateDelta: { name: "Ada", "user:language": "en" } }],
  },
  {
    name: "one-tool",
    app: (kit) => kit.app(kit.llm("root", [calls("one"), "Done."], { tools: [kit.tool("one")] })),
    steps: [HI],
  },
  {
    name: "two-tools",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "two"), "Done."], {
          tools: [
            kit.tool("one", async () => {
              await kit.world.pause();
              return { done: "one" };
            }),
            kit.tool("two"),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "three-tools-twice",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "two", "three"), calls("two", "one"), "Done."], {
          tools: [kit.tool("one"), kit.tool("two"), kit.tool("three")],
        }),
      ),
    steps: [HI],
  },
  {
    name: "failing-tool",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "bad", "unknown"), "Done."], {
          tools: [
            kit.tool("one"),
            kit.tool("bad", () => {
              throw new Error("It does not work.");
            }),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "slow-tool",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("slow", "one"), "Done."], {
          tools: [
            kit.tool("slow", async () => {
              await kit.world.sleep(40_000);
              return { done: "slow" };
            }),
            kit.tool("one"),
          ],
        }),
      ),
    steps: [HI],
  },
];

/** Pushes last: what a call has changed in place before it waits is stored with the record of a sibling. */
const push =
  (item: string, waits: boolean) =>
  (kit: { world: { pause(): Promise<void> } }) =>
  async ({ state }: Context): Promise<object> => {
    if (waits) await kit.world.pause();
    state.get<string[]>("list")?.push(item);
    return { pushed: item };
  };

/** What tools write. */
export const STATE: readonly Shape[] = [
  {
    name: "list-pushed-by-siblings",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("start"), calls("one", "two", "three"), "Done."], {
          tools: [
            kit.tool("start", ({ state }) => state.set("list", ["zero"])),
            kit.tool("one", push("one", true)(kit)),
            kit.tool("two", push("two", false)(kit)),
            kit.tool("three", push("three", true)(kit)),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "state-in-all-scopes",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("write", "also"), calls("remove"), "Done."], {
          tools: [
            kit.tool("write", ({ state }) => {
              state.set("own", { deep: [1] });
              state.set("user:theirs", "user");
              state.set("app:all", "app");
              state.set("temp:gone", "temp");
              return { ok: true };
            }),
            kit.tool("also", ({ state }) => {
              state.set("own2", 2);
              state.set("user:theirs2", null);
              return { ok: true };
            }),
            kit.tool("remove", ({ state }) => {
              state.delete("own2");
              state.delete("user:theirs");
              return { ok: true };
            }),
          ],
        }),
      ),
    steps: [HI],
  },
  {
    name: "output-keys",
    app: (kit) =>
      kit.app(
        kit.sequential("root", [
          kit.llm("first", ["First."], { outputKey: "first" }),
          kit.llm("second", ["Second."], { instruction: "{first}", outputKey: "second" }),
        ]),
      ),
    steps: [HI],
  },
  {
    name: "artifacts",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("save", "other"), calls("load"), "Done."], {
          tools: [
            kit.tool("save", async (context) => {
              await context.saveArtifact("notes.txt", { text: "notes" });
              return { saved: true };
            }),
            kit.tool("other", async (context) => {
              await context.saveArtifact("user:other.txt", { text: "other" });
              return { saved: true };
            }),
            kit.tool("load", async (context) => await context.loadArtifact("notes.txt")),
          ],
        }),
      ),
    steps: [HI],
  },
];

/** Where the calls have got to: what is said depends on the responses, for an interim one is left out later. */
const untilAnswered =
  (first: Turn, meanwhile: string, last: string) =>
  (_said: number, { contents }: { contents: readonly { parts?: readonly object[] }[] }): Turn => {
    const text = JSON.stringify(contents);
    if (!text.includes("functionResponse")) return first;
    return text.includes("answer to") ? last : meanwhile;
  };

/** Calls that wait for somebody outside. */
export const LONG_RUNNING: readonly Shape[] = [
  {
    name: "long-silent",
    app: (kit) =>
      kit.app(kit.llm("root", [calls("ask"), "Done."], { tools: [kit.longRunning("ask")] })),
    steps: [HI, answer("ask")],
  },
  {
    name: "long-interim",
    app: (kit) =>
      kit.app(
        kit.llm("root", untilAnswered(calls("ask"), "Please wait.", "Done."), {
          tools: [kit.longRunning("ask", () => ({ status: "pending" }))],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "long-two-one-by-one",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("ask", "beg"), "Done."], {
          tools: [kit.longRunning("ask"), kit.longRunning("beg")],
        }),
      ),
    steps: [HI, answer("beg"), answer("ask")],
  },
  {
    name: "long-two-at-once",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("ask", "beg"), "Done."], {
          tools: [kit.longRunning("ask"), kit.longRunning("beg")],
        }),
      ),
    steps: [HI, answer("ask", "beg")],
  },
  {
    name: "long-beside-normal",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "ask", "two"), "Done."], {
          tools: [kit.tool("one"), kit.longRunning("ask"), kit.tool("two")],
        }),
      ),
    steps: [HI, answer("ask")],
  },
  {
    name: "long-interim-beside-silent",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "ask", "beg"), "Done."], {
          tools: [
            kit.tool("one"),
            kit.longRunning("ask", () => ({ status: "pending" })),
            kit.longRunning("beg"),
          ],
        }),
      ),
    steps: [HI, answer("ask"), answer("beg")],
  },
  {
    name: "long-twice",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("ask"), calls("one", "ask"), "Done."], {
          tools: [kit.longRunning("ask"), kit.tool("one")],
        }),
      ),
    steps: [HI, answer("ask"), answer("ask")],
  },
  {
    name: "turn-between-pause-and-answer",
    app: (kit) =>
      kit.app(
        kit.llm(
          "root",
          (_said, { contents }) => {
            const text = JSON.stringify(contents);
            if (!text.includes("functionCall")) return calls("ask");
            return text.includes("answer to") ? "Done." : "Still waiting.";
          },
          { tools: [kit.longRunning("ask")] },
        ),
      ),
    steps: [HI, say("Meanwhile?", "i2"), answer("ask")],
  },
];

/** Calls that a person approves or rejects. */
export const CONFIRMATIONS: readonly Shape[] = [
  {
    name: "confirm-one",
    app: (kit) =>
      kit.app(kit.llm("root", [calls("pay"), "Done."], { tools: [kit.confirmed("pay")] })),
    steps: [HI, approve("pay")],
  },
  {
    name: "confirm-rejected",
    app: (kit) =>
      kit.app(kit.llm("root", [calls("pay"), "Done."], { tools: [kit.confirmed("pay")] })),
    steps: [HI, reject("pay")],
  },
  {
    name: "confirm-two-one-by-one",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("pay", "sell"), "Done."], {
          tools: [kit.confirmed("pay"), kit.confirmed("sell")],
        }),
      ),
    steps: [HI, approve("sell"), approve("pay")],
  },
  {
    name: "confirm-two-at-once",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("pay", "sell"), "Done."], {
          tools: [kit.confirmed("pay"), kit.confirmed("sell")],
        }),
      ),
    steps: [HI, approve("pay", "sell")],
  },
  {
    name: "confirm-beside-normal",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("one", "pay", "two"), "Done."], {
          tools: [kit.tool("one"), kit.confirmed("pay"), kit.tool("two")],
        }),
      ),
    steps: [HI, approve("pay")],
  },
  {
    name: "confirm-beside-long",
    app: (kit) =>
      kit.app(
        kit.llm("root", [calls("pay", "ask"), "Done."], {
          tools: [kit.confirmed("pay"), kit.longRunning("ask")],
        }),
      ),
    steps: [HI, approve("pay"), answer("ask")],
  },
];
