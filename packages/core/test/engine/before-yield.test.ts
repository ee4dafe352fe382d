import { describe, expect, it } from "vitest";
import { BasePlugin, type Event, LlmAgent } from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { engine } from "./support.ts";

class Veil extends BasePlugin {
  readonly #view: (event: Event) => Partial<Event> | null | undefined;
  constructor(name: string, view: (event: Event) => Partial<Event> | null | undefined) {
    super(name);
    this.#view = view;
  }
  override async beforeYieldCallback({ event }: { event: Event }) {
    return this.#view(event);
  }
}

function textOf(event: Event | undefined): string | undefined {
  return event?.content?.parts?.[0]?.text;
}

describe("what only the client may not see", () => {
  it("is changed behind the store, by each plugin in turn", async () => {
    const replace = (from: string, to: string) => (event: Event) => ({
      content: { role: "model", parts: [{ text: (textOf(event) ?? "").replace(from, to) }] },
    });
    await using e = await engine({
      agent: new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["a b"] }) }),
      plugins: [new Veil("one", replace("a", "*")), new Veil("two", replace("b", "+"))],
    });
    const events = await e.say("hi");
    expect(events.map(textOf)).toEqual(["* +"]);
    expect((await e.log()).map(textOf)).toEqual(["hi", "a b"]);
    expect(events[0]?.id).toBe((await e.log())[1]?.id);
  });

  it("is hidden with null; the run goes on", async () => {
    await using e = await engine({
      agent: new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["secret", "open"] }) }),
      plugins: [new Veil("veil", (event) => (textOf(event) === "secret" ? null : undefined))],
    });
    expect(await e.say("one")).toEqual([]);
    expect((await e.say("two")).map(textOf)).toEqual(["open"]);
    expect((await e.log()).map(textOf)).toEqual(["one", "secret", "two", "open"]);
  });

  it("fails closed: what a failing plugin should have seen is not shown, but stored", async () => {
    await using e = await engine({
      agent: new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["secret"] }) }),
      plugins: [
        new Veil("veil", () => {
          throw new Error("broken");
        }),
      ],
    });
    await expect(e.say("one")).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
    expect((await e.log()).map(textOf).slice(0, 2)).toEqual(["one", "secret"]);
  });
});
