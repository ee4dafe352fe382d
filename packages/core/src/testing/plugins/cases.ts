import { strict as assert } from "node:assert";
import type { Event } from "../../events/event.ts";
import { stringifyContent } from "../../events/predicates.ts";
import { AdkError } from "../../errors.ts";
import { BasePlugin } from "../../plugins/base-plugin.ts";
import { rejects } from "../rejects.ts";
import { notApplicable } from "../suite.ts";
import { FINAL, KitWorld, promptly, request, saidBy } from "./kit-world.ts";
import type { PluginCase, PluginEffect, PluginSubject } from "./subject.ts";

/** Counts the hooks that it is told of; it does nothing. */
class Witness extends BasePlugin {
  readonly told: string[] = [];
  override async beforeModelCallback(): Promise<undefined> {
    this.told.push("model");
  }
  override async beforeToolCallback(): Promise<undefined> {
    this.told.push("tool");
  }
  override async onEventCallback(): Promise<undefined> {
    this.told.push("event");
  }
}

/** The same run with these plugins: what it says, asks and calls. */
async function wholeRun(...plugins: BasePlugin[]): Promise<Run> {
  await using world = new KitWorld();
  const events = await promptly(world.process(...plugins).run(request()), "The run");
  const { requests, toolCalls } = world;
  return { events, log: await world.log(), requests, toolCalls };
}

interface Run {
  readonly events: readonly Event[];
  readonly log: readonly Event[];
  readonly requests: readonly string[];
  readonly toolCalls: readonly string[];
}

function doesNot({ effects }: PluginSubject, effect: PluginEffect): boolean {
  return !effects.includes(effect);
}

/** What must be as without a plugin that has not this effect. Where it is not, says how to declare that it is meant. */
async function unlessMeant(
  effect: PluginEffect,
  check: () => void | Promise<unknown>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (error instanceof Error)
      error.message = `${error.message}\nIf this is meant, add \`${effect}\` to \`effects\`.`;
    throw error;
  }
}

/** Fails unless the run has come to its end in good order: its calls answered, its last words said. */
function checkWhole(log: readonly Event[]): void {
  const parts = log.flatMap(({ content }) => content?.parts ?? []);
  const called = parts.flatMap(({ functionCall }) => functionCall?.id ?? []);
  const answered = parts.flatMap(({ functionResponse }) => functionResponse?.id ?? []);
  assert.deepEqual(answered.toSorted(), called.toSorted(), "each call has one response");
  assert.ok(called.length > 0, "calls were made");
  assert.ok(log.some((event) => event.author === "root" && stringifyContent(event) !== ""));
}

/** What every plugin must keep; the keys keep their meaning. */
export const pluginCases: readonly PluginCase[] = [
  {
    key: "run-to-end",
    title: "a run with calls of a tool and of an agent comes to its end, as without the plugin",
    level: "core",
    async run(subject) {
      const [without, withPlugin] = [await wholeRun(), await wholeRun(await subject.plugin())];
      checkWhole(withPlugin.log);
      if (!doesNot(subject, "events")) return;
      await unlessMeant("events", () => {
        assert.deepEqual(saidBy(withPlugin.log), saidBy(without.log), "the log");
        assert.deepEqual(saidBy(withPlugin.events), saidBy(without.events), "what the caller gets");
      });
    },
  },
  {
    key: "no-answer",
    title: "models and tools are called as without the plugin, unless it is meant to change that",
    level: "core",
    async run(subject) {
      if (!doesNot(subject, "calls")) notApplicable("The plugin changes calls.");
      const [without, withPlugin] = [await wholeRun(), await wholeRun(await subject.plugin())];
      await unlessMeant("calls", () => {
        assert.equal(withPlugin.requests.length, without.requests.length, "calls of the model");
        assert.deepEqual(withPlugin.toolCalls, without.toolCalls, "calls of the tool");
      });
    },
  },
  {
    key: "requests-unchanged",
    title: "the model reads what it reads without the plugin, unless it is meant to change that",
    level: "core",
    async run(subject) {
      if (!doesNot(subject, "requests")) notApplicable("The plugin changes requests.");
      const [without, withPlugin] = [await wholeRun(), await wholeRun(await subject.plugin())];
      await unlessMeant("requests", () => {
        assert.deepEqual(withPlugin.requests, without.requests, "what the model reads");
      });
    },
  },
  {
    key: "order",
    title:
      "plugins before and behind it are told the same as without it, and it does the same there",
    level: "core",
    async run(subject) {
      if (!doesNot(subject, "calls")) notApplicable("The plugin changes calls.");
      const alone = new Witness("witness");
      await wholeRun(alone);
      const [first, last] = [new Witness("first"), new Witness("last")];
      const run = await wholeRun(first, await subject.plugin(), last);
      const only = await wholeRun(await subject.plugin());
      await unlessMeant("calls", () => {
        assert.deepEqual(first.told, alone.told, "the plugin before it");
        assert.deepEqual(last.told, alone.told, "the plugin behind it");
        assert.deepEqual(saidBy(run.log), saidBy(only.log));
      });
    },
  },
  {
    key: "stream-pieces",
    title: "pieces come before the whole, and joined they are its text",
    level: "stream",
    async run(subject) {
      await using world = new KitWorld();
      const pieces: Map<string, string> = new Map();
      let last: Event | undefined;
      const runner = world.process(await subject.plugin());
      const stream = runner.runAsync(request({ runConfig: { streamingMode: "sse" } }));
      for (let step = await promptly(stream.next(), "An event"); !step.done;) {
        const event = step.value;
        if (event.partial)
          pieces.set(event.id, (pieces.get(event.id) ?? "") + stringifyContent(event));
        else if (event.author === "root" && stringifyContent(event) !== "") last = event;
        step = await promptly(stream.next(), "An event");
      }
      assert.ok(last, "a final event");
      const [said, joined] = [stringifyContent(last), pieces.get(last.id)];
      // One that is meant to may keep all pieces from the caller.
      if (!doesNot(subject, "events")) assert.equal(joined ?? said, said);
      else
        await unlessMeant("events", () => {
          assert.equal(said, FINAL);
          assert.equal(joined ?? "", said);
        });
    },
  },
  {
    key: "stream-left",
    title: "a caller that leaves at a piece is let go, and the session is free",
    level: "stream",
    async run(subject) {
      await using world = new KitWorld();
      const runner = world.process(await subject.plugin());
      const stream = runner.runAsync(request({ runConfig: { streamingMode: "sse" } }));
      await promptly(stream.next(), "The first event");
      await promptly(stream.return(), "Leaving the run");
      await promptly(runner.run(request()), "The next run");
    },
  },
  {
    key: "model-error",
    title: "a model's error reaches the caller and leaves its event",
    level: "errors",
    async run(subject) {
      await using world = new KitWorld();
      world.answer = () => new Error("The model is out of order.");
      const runner = world.process(await subject.plugin());
      if (!doesNot(subject, "calls")) notApplicable("The plugin answers to errors.");
      await unlessMeant("calls", async () => {
        await rejects(promptly(runner.run(request()), "The run"), "MODEL_FAILED");
        const [event] = (await world.log()).slice(-1);
        assert.equal(event?.errorCode, "MODEL_FAILED");
      });
    },
  },
  {
    key: "tool-error",
    title: "a tool's error is told to the model, and the run goes on",
    level: "errors",
    async run(subject) {
      await using world = new KitWorld();
      world.work = () => {
        throw new Error("The tool is out of order.");
      };
      await promptly(world.process(await subject.plugin()).run(request()), "The run");
      checkWhole(await world.log());
      if (!doesNot(subject, "events")) return;
      const log = JSON.stringify(await world.log());
      await unlessMeant("events", () => {
        assert.ok(log.includes("The tool is out of order."), "the tool's error is in the log");
      });
    },
  },
  {
    key: "abort",
    title: "an aborted run ends at once, with its event",
    level: "errors",
    async run(subject) {
      await using world = new KitWorld();
      const controller = new AbortController();
      world.answer = (_request, signal) => {
        queueMicrotask(() => controller.abort());
        return [
          new Promise((_, reject) => {
            signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          }),
        ];
      };
      const runner = world.process(await subject.plugin());
      const events = await promptly(
        runner.run(request({ abortSignal: controller.signal })),
        "An aborted run",
      );
      assert.equal(events.at(-1)?.errorCode, "INVOCATION_ABORTED");
    },
  },
  {
    key: "resume-after-cut",
    title: "a run that was cut behind any event goes on in another process to the same log",
    level: "resume",
    async run(subject) {
      const { log: whole } = await wholeRun(await subject.plugin());
      const { length } = (await wholeRun(await subject.plugin())).events;
      for (let cut = 1; cut < length; cut++) {
        await using world = new KitWorld();
        const stream = world.process(await subject.plugin()).runAsync(request());
        for (let taken = 0; taken < cut; taken++) await promptly(stream.next(), "An event");
        await promptly(stream.return(), "Leaving the run");
        const invocationId = (await world.log())[0]?.invocationId ?? "";
        const other = world.process(await subject.plugin());
        await promptly(other.run({ userId: "u", sessionId: "s", invocationId }), "The resumed run");
        assert.deepEqual(saidBy(await world.log()), saidBy(whole), `cut behind event ${cut}`);
      }
    },
  },
  {
    key: "retried-message",
    title: "a message that is sent again under its id is stored once",
    level: "resume",
    async run(subject) {
      await using world = new KitWorld();
      const invocationId = "e-kit";
      await promptly(world.process(await subject.plugin()).run(request({ invocationId })), "A run");
      const stored = saidBy(await world.log());
      await promptly(world.process(await subject.plugin()).run(request({ invocationId })), "A run");
      assert.deepEqual(saidBy(await world.log()), stored);
    },
  },
  {
    key: "sessions-apart",
    title: "runs of several sessions at the same time, and one after the other, do not mix",
    level: "lifecycle",
    async run(subject) {
      await using world = new KitWorld();
      const runner = world.process(await subject.plugin());
      const ids = ["s1", "s2", "s3", "s4"];
      const runs = ids.map((sessionId) => runner.run(request({ sessionId })));
      await promptly(Promise.all(runs), "Four runs");
      await promptly(runner.run(request({ sessionId: "s5" })), "A run afterwards");
      const [first, ...others] = await Promise.all([...ids, "s5"].map((id) => world.log(id)));
      checkWhole(first ?? []);
      for (const log of others) assert.deepEqual(saidBy(log), saidBy(first ?? []));
    },
  },
  {
    key: "isolate",
    title: "isolated, it leaves no trace; or it refuses that",
    level: "lifecycle",
    async run(subject) {
      if (!subject.isolated) notApplicable("The plugin has no such option.");
      let run: Run;
      try {
        const plugin = await subject.isolated();
        assert.equal(plugin.onFailure, "isolate", "it was made as it was asked for");
        run = await wholeRun(plugin);
      } catch (error) {
        if (AdkError.isInstance(error, "INVALID_ARGUMENT")) return;
        throw error;
      }
      const without = await wholeRun();
      assert.deepEqual(saidBy(run.log), saidBy(without.log));
      assert.deepEqual([run.requests, run.toolCalls], [without.requests, without.toolCalls]);
    },
  },
  {
    key: "close-twice",
    title: "it is closed with its runner, and again, used or not",
    level: "lifecycle",
    async run(subject) {
      for (const isUsed of [false, true]) {
        await using world = new KitWorld();
        const plugin = await subject.plugin();
        const runner = world.process(plugin);
        if (isUsed) await promptly(runner.run(request()), "The run");
        await promptly(runner.close(), "Closing the runner");
        await promptly(plugin.close(), "Closing the plugin again");
      }
    },
  },
];
