import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import { HandOff } from "./hand-off.ts";

function event(id: string, partial = false): Event {
  return createEvent({ id, ...(partial ? { partial } : {}) });
}

/** Whether a put has been waited for long enough. */
function watch(put: Promise<void> | undefined): { done: boolean } {
  const state = { done: put === undefined };
  void put?.then(() => {
    state.done = true;
  });
  return state;
}

async function tick(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

describe("HandOff", () => {
  it("a full event is taken when the caller comes back for the next one", async () => {
    const handOff = new HandOff();
    const put = watch(handOff.put(event("1")));
    const first = await handOff.take();
    expect(first).toMatchObject({ done: false, value: { id: "1" } });
    await tick();
    expect(put.done).toBe(false);
    const second = handOff.take();
    await tick();
    expect(put.done).toBe(true);
    handOff.close();
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await handOff.take()).toEqual({ done: true, value: undefined });
  });

  it("256 partial events need not be waited for, the next one does", () => {
    const handOff = new HandOff();
    for (let count = 0; count < 256; count++)
      expect(handOff.put(event(`${count}`, true))).toBeUndefined();
    expect(handOff.put(event("one more", true))).toBeInstanceOf(Promise);
  });

  it("keeps the order of partial and full events", async () => {
    const handOff = new HandOff();
    void handOff.put(event("a", true));
    void handOff.put(event("b", true));
    void handOff.put(event("c"));
    const ids = [await handOff.take(), await handOff.take(), await handOff.take()].map(
      ({ value }) => (value as Event).id,
    );
    expect(ids).toEqual(["a", "b", "c"]);
  });

  it("an error comes after the events that wait, and once", async () => {
    const handOff = new HandOff();
    void handOff.put(event("1"));
    handOff.fail(new Error("down"));
    handOff.close();
    expect((await handOff.take()).value).toMatchObject({ id: "1" });
    await expect(handOff.take()).rejects.toThrow("down");
    expect(await handOff.take()).toEqual({ done: true, value: undefined });
    expect(handOff.put(event("late"))).toBeUndefined();
  });

  it("stopWaiting lets the producer go on and drops nothing", async () => {
    const handOff = new HandOff();
    const first = watch(handOff.put(event("1")));
    handOff.stopWaiting();
    await tick();
    expect(first.done).toBe(true);
    expect(handOff.put(event("2"))).toBeUndefined();
    expect((await handOff.take()).value).toMatchObject({ id: "1" });
    expect((await handOff.take()).value).toMatchObject({ id: "2" });
  });

  it("abandon drops what waits, lets the producer go on and ends a take that waits", async () => {
    const handOff = new HandOff();
    const put = watch(handOff.put(event("1")));
    handOff.abandon();
    await tick();
    expect(put.done).toBe(true);
    expect(await handOff.take()).toEqual({ done: true, value: undefined });
    const other = new HandOff();
    const waiting = other.take();
    other.abandon();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it("says when a full event begins to wait for the caller, and when it was taken", async () => {
    const handOff = new HandOff();
    const seen: boolean[] = [];
    handOff.onWaiting = (waiting) => seen.push(waiting);
    void handOff.put(event("p", true));
    void handOff.put(event("1"));
    await handOff.take();
    await handOff.take();
    expect(seen).toEqual([true]);
    void handOff.take();
    expect(seen).toEqual([true, false]);
  });
});
