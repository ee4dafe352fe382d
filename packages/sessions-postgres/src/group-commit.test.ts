import { AdkError, type AppendCommand } from "@adk/core";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { GroupCommit, type BatchOutcome } from "./group-commit.ts";

/** A sender that answers when it is told to. */
class Wire {
  readonly sent: {
    ids: string[];
    resolve: (outcomes: BatchOutcome[]) => void;
    reject: (error: Error) => void;
  }[] = [];
  readonly group: GroupCommit;

  constructor(options: { maxQueued?: number; isOn?: boolean; timeoutMs?: number } = {}) {
    const send = async (ids: string[]): Promise<BatchOutcome[]> =>
      await new Promise((resolve, reject) => this.sent.push({ ids, resolve, reject }));
    this.group = new GroupCommit({
      sendOne: async ({ id }) => (await send([id]))[0] ?? "",
      sendMany: async (commands) => await send(commands.map(({ id }) => id)),
      maxQueued: options.maxQueued ?? 100,
      timeoutMs: options.timeoutMs ?? 10_000,
      server: "PostgreSQL at db:5432",
      isOn: options.isOn ?? true,
    });
  }

  append(
    session: string,
    id: string,
    more: Partial<AppendCommand> = {},
    signal?: AbortSignal,
  ): Promise<string> {
    const command = {
      appName: "a",
      userId: "u",
      sessionId: session,
      incarnation: "i",
      id,
      timestamp: 1,
      data: "x",
      ...more,
    };
    return this.group.append(command, signal);
  }

  async answer(index: number, ...outcomes: BatchOutcome[]): Promise<void> {
    const { ids, resolve } = this.sent[index]!;
    resolve(outcomes.length > 0 ? outcomes : ids.map((id) => `ok ${id}`));
    await settle();
  }

  get ids(): string[][] {
    return this.sent.map(({ ids }) => ids);
  }
}

/** Whatever follows from an answer without another one has happened. */
const settle = async (): Promise<void> => await nextTurn();

describe("GroupCommit", () => {
  it("sends a lone append at once, by itself", async () => {
    const wire = new Wire();
    const one = wire.append("s1", "e1");
    expect(wire.ids).toEqual([["e1"]]);
    await wire.answer(0);
    expect(await one).toBe("ok e1");
  });

  it("gathers what comes while two are under way, and sends it together", async () => {
    const wire = new Wire();
    const all = ["s1", "s2", "s3", "s4", "s5"].map(
      async (session) => await wire.append(session, session),
    );
    expect(wire.ids).toEqual([["s1"], ["s2"]]);
    await wire.answer(0);
    expect(wire.ids[2]).toEqual(["s3", "s4", "s5"]);
    await wire.answer(1);
    await wire.answer(2);
    expect(await Promise.all(all)).toEqual(["ok s1", "ok s2", "ok s3", "ok s4", "ok s5"]);
  });

  it("lets those who were answered together append together again", async () => {
    const wire = new Wire();
    const all = ["s1", "s2", "s3", "s4", "s5"].map(async (session) => {
      await wire.append(session, session);
      await wire.append(session, `${session}, again`);
    });
    await wire.answer(0);
    await wire.answer(1);
    await wire.answer(2);
    expect(wire.ids.slice(2)).toEqual([
      ["s3", "s4", "s5", "s1, again"],
      ["s2, again"],
      ["s3, again", "s4, again", "s5, again"],
    ]);
    for (const index of [3, 4]) await wire.answer(index);
    await Promise.all(all);
  });

  it("shares out what waits, so that one half is made while the other is written", async () => {
    const wire = new Wire();
    const names = Array.from({ length: 42 }, (_item, index) => `s${index}`);
    const all = names.map(async (session) => await wire.append(session, session));
    await Promise.all([wire.answer(0), wire.answer(1)]);
    expect(wire.ids.slice(2)).toEqual([names.slice(2, 22), names.slice(22, 42)]);
    for (const index of [2, 3]) await wire.answer(index);
    await Promise.all(all);
  });

  it("keeps the call order of a session: the next goes when the one before has answered", async () => {
    const wire = new Wire();
    const order: string[] = [];
    const appends = ["e1", "e2", "e3"].map(async (id) => {
      await wire.append("s1", id);
      order.push(id);
    });
    expect(wire.ids).toEqual([["e1"]]);
    await wire.answer(0);
    await wire.answer(1);
    await wire.answer(2);
    await Promise.all(appends);
    expect(wire.ids).toEqual([["e1"], ["e2"], ["e3"]]);
    expect(order).toEqual(["e1", "e2", "e3"]);
  });

  it("sends members that the server passed over again, alone", async () => {
    const wire = new Wire();
    const all = ["s1", "s2", "s3", "s4"].map(
      async (session) => await wire.append(session, session),
    );
    await wire.answer(0);
    expect(wire.ids[2]).toEqual(["s3", "s4"]);
    await wire.answer(1);
    await wire.answer(2, "ok s3", undefined);
    expect(wire.ids[3]).toEqual(["s4"]);
    await wire.answer(3);
    expect(await Promise.all(all)).toEqual(["ok s1", "ok s2", "ok s3", "ok s4"]);
  });

  it("lets a bad member fail alone when the server undid the batch, and all when nobody knows", async () => {
    for (const committed of [false, "unknown"] as const) {
      const wire = new Wire();
      const all = ["s1", "s2", "s3", "s4"].map(
        async (session) => await wire.append(session, session),
      );
      const outcomes = Promise.allSettled(all);
      await wire.answer(0);
      await wire.answer(1);
      wire.sent[2]!.reject(new AdkError("UNAVAILABLE", "Undone.", { details: { committed } }));
      await settle();
      if (committed === false) {
        expect(wire.ids.slice(3)).toEqual([["s3"], ["s4"]]);
        wire.sent[3]!.reject(new AdkError("INVALID_ARGUMENT", "Bad."));
        await wire.answer(4);
        expect((await outcomes).map(({ status }) => status)).toEqual([
          "fulfilled",
          "fulfilled",
          "rejected",
          "fulfilled",
        ]);
      } else {
        expect(wire.ids).toHaveLength(3);
        expect((await outcomes).map(({ status }) => status)).toEqual([
          "fulfilled",
          "fulfilled",
          "rejected",
          "rejected",
        ]);
      }
    }
  });

  it("never lets changes of shared state share a transaction, nor large events keep others waiting", async () => {
    const wire = new Wire();
    const delta = { user: { set: { k: "1" }, remove: [] } };
    const all = [
      wire.append("s1", "e1"),
      wire.append("s2", "e2"),
      wire.append("s3", "shared", { delta }),
      wire.append("s4", "large", { data: "x".repeat(100_000) }),
      wire.append("s5", "e5"),
    ];
    expect(wire.ids).toEqual([["e1"], ["e2"], ["shared"], ["large"]]);
    await wire.answer(0);
    expect(wire.ids[4]).toEqual(["e5"]);
    for (const index of [1, 2, 3, 4]) await wire.answer(index);
    await Promise.all(all);
  });

  it("refuses beyond its limit, and has room again afterwards", async () => {
    const wire = new Wire({ maxQueued: 2 });
    const all = [wire.append("s1", "e1"), wire.append("s1", "e2")];
    await expect(wire.append("s1", "e3")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      details: { committed: false },
    });
    await wire.answer(0);
    await wire.answer(1);
    await Promise.all(all);
    void wire.append("s1", "e4");
    expect(wire.ids.at(-1)).toEqual(["e4"]);
  });

  it("lets a caller leave: what waited is not sent, what was sent is unknown, the others go on", async () => {
    const wire = new Wire();
    const waiting = new AbortController();
    const underWay = new AbortController();
    const first = wire.append("s1", "e1", {}, underWay.signal);
    const second = wire.append("s1", "e2", {}, waiting.signal);
    const third = wire.append("s1", "e3");
    waiting.abort();
    underWay.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED", details: { committed: false } });
    await expect(first).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: "unknown" },
    });
    await wire.answer(0);
    expect(wire.ids).toEqual([["e1"], ["e3"]]);
    await wire.answer(1);
    expect(await third).toBe("ok e3");
    await wire.group.settled();
  });

  it("counts the wait, too: what waited for too long is not sent, what was sent is unknown", async () => {
    vi.useFakeTimers();
    try {
      const wire = new Wire({ timeoutMs: 100 });
      const sent = wire.append("s1", "e1");
      const waiting = wire.append("s1", "e2");
      const outcomes = Promise.allSettled([sent, waiting]);
      vi.advanceTimersByTime(100);
      expect(await outcomes).toMatchObject([
        { reason: { code: "TIMEOUT", details: { committed: "unknown" } } },
        { reason: { code: "TIMEOUT", details: { committed: false } } },
      ]);
      await wire.answer(0);
      expect(wire.ids).toEqual([["e1"]]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("sends everything alone when it is off", async () => {
    const wire = new Wire({ isOn: false });
    const all = ["s1", "s2", "s3"].map(async (session) => await wire.append(session, session));
    expect(wire.ids).toEqual([["s1"], ["s2"], ["s3"]]);
    for (const index of [0, 1, 2]) await wire.answer(index);
    await Promise.all(all);
  });
});
