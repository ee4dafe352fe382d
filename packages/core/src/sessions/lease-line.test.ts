import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { LeaseLine, type LeaseLineRequest } from "./lease-line.ts";
import type { Outcome } from "./session-store.ts";

/** A session that one holder has for some time. */
function setUp(): {
  clock: VirtualClock;
  line: LeaseLine;
  holder: { name: string | undefined };
  asked: string[];
  acquire: (name: string, request?: Partial<LeaseLineRequest>) => Promise<string>;
  release: () => void;
} {
  const clock = new VirtualClock();
  const line = new LeaseLine(clock);
  const holder: { name: string | undefined } = { name: undefined };
  const asked: string[] = [];
  const acquire = async (
    name: string,
    request: Partial<LeaseLineRequest> = {},
  ): Promise<string> => {
    const outcome = await line.acquire<object>(
      { name: "s", sessionId: "s", waitMs: 0, signal: undefined, ...request },
      async (): Promise<Outcome<object>> => {
        asked.push(name);
        if (holder.name !== undefined) return { status: "busy", expiresInMs: 5_000 };
        holder.name = name;
        return { status: "ok" };
      },
    );
    expect(outcome.status).toBe("ok");
    return name;
  };
  const release = (): void => {
    holder.name = undefined;
    line.released("s");
  };
  return { clock, line, holder, asked, acquire, release };
}

describe("LeaseLine", () => {
  it("serves those who wait in the order in which they came", async () => {
    const { clock, acquire, release } = setUp();
    await acquire("first");
    const served: string[] = [];
    const all = ["a", "b", "c"].map(async (name) =>
      served.push(await acquire(name, { waitMs: 60_000 })),
    );
    await clock.advance(0);
    for (const count of [1, 2, 3]) {
      release();
      await clock.advance(0);
      expect(served).toHaveLength(count);
    }
    await Promise.all(all);
    expect(served).toEqual(["a", "b", "c"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets nobody who does not wait pass those who do", async () => {
    const { clock, holder, acquire, release } = setUp();
    await acquire("first");
    const waiting = acquire("waiting", { waitMs: 60_000 });
    await clock.advance(0);
    release();
    await expect(acquire("pushy")).rejects.toMatchObject({ code: "SESSION_BUSY", retryable: true });
    expect(await waiting).toBe("waiting");
    expect(holder.name).toBe("waiting");
  });

  it("asks again by itself when the holder is in another process", async () => {
    const { clock, holder, acquire } = setUp();
    holder.name = "elsewhere";
    const waiting = acquire("waiting", { waitMs: 60_000 });
    await clock.advance(1_000);
    holder.name = undefined;
    await clock.advance(200);
    expect(await waiting).toBe("waiting");
  });

  it("gives up after its time, and the next in line goes on", async () => {
    const { clock, acquire, release } = setUp();
    await acquire("first");
    const short = acquire("short", { waitMs: 1_000 }).catch((error: unknown) => error);
    const long = acquire("long", { waitMs: 60_000 });
    await clock.advance(1_000);
    expect(await short).toMatchObject({ code: "SESSION_BUSY", details: { expiresInMs: 5_000 } });
    release();
    await clock.advance(0);
    expect(await long).toBe("long");
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves the line when the call is cancelled", async () => {
    const { clock, acquire, release } = setUp();
    await acquire("first");
    const controller = new AbortController();
    const head = acquire("head", { waitMs: 60_000, signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    const next = acquire("next", { waitMs: 60_000 });
    await clock.advance(0);
    controller.abort(new Error("enough"));
    expect(await head).toMatchObject({ code: "ABORTED", details: { committed: false } });
    release();
    await clock.advance(0);
    expect(await next).toBe("next");
    expect(clock.pendingTimers).toBe(0);
  });

  it("asks once and says how long the holder has left", async () => {
    const { asked, acquire } = setUp();
    await acquire("first");
    await expect(acquire("second")).rejects.toMatchObject({ details: { expiresInMs: 5_000 } });
    expect(asked).toEqual(["first", "second"]);
  });
});
