import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import { bytesSource, streamSource } from "./byte-source.ts";
import { InMemoryArtifactStore } from "./in-memory-artifact-store.ts";
import { retryUnavailable } from "./retry-unavailable.ts";

const scope = { appName: "app", userId: "user" };

function unavailable(committed: false | "unknown", retryable: boolean = true): AdkError {
  return new AdkError("UNAVAILABLE", "Away.", { retryable, details: { committed } });
}

/** A store whose `list` fails with these errors in turn, then answers. */
function failing(...errors: Error[]): { store: ArtifactStore; calls: () => number } {
  let count = 0;
  class Failing extends InMemoryArtifactStore {
    override async list(): Promise<string[]> {
      const error = errors[count++];
      if (error !== undefined) throw error;
      return ["answer"];
    }
  }
  return { store: new Failing(), calls: () => count };
}

describe("retryUnavailable", () => {
  it("repeats what was not answered, after growing pauses", async () => {
    const clock = new VirtualClock();
    const { store, calls } = failing(unavailable(false), unavailable("unknown"));
    const answer = retryUnavailable(store, { clock, maxAttempts: 3 }).list(scope);
    await clock.advance(0);
    expect(calls()).toBe(1);
    await clock.advance(50);
    expect(calls()).toBe(2);
    await clock.advance(150);
    expect(await answer).toEqual(["answer"]);
  });

  it("gives up after so many tries, and remembers that one may have been carried out", async () => {
    const clock = new VirtualClock();
    const errors = [unavailable("unknown"), unavailable(false)];
    const { store, calls } = failing(...errors);
    const answer = retryUnavailable(store, { clock, maxAttempts: 2 }).list(scope);
    const outcome = answer.catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: "unknown" },
    });
    expect(calls()).toBe(2);
  });

  it.each([
    unavailable(false, false),
    new AdkError("PERMISSION_DENIED", "No.", { retryable: true }),
    new Error("a bug"),
  ])("does not repeat %s", async (error) => {
    const { store, calls } = failing(error);
    const retrying = retryUnavailable(store, { clock: new VirtualClock(), maxAttempts: 4 });
    await expect(retrying.list(scope)).rejects.toBe(error);
    expect(calls()).toBe(1);
  });

  it("stops when it is cancelled in a pause", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const { store, calls } = failing(unavailable("unknown"));
    const retrying = retryUnavailable(store, { clock, maxAttempts: 4 });
    const outcome = retrying.list(scope, controller.signal).catch((error: unknown) => error);
    await clock.advance(0);
    controller.abort("enough");
    expect(await outcome).toMatchObject({
      code: "ABORTED",
      cause: "enough",
      details: { committed: "unknown" },
    });
    expect(calls()).toBe(1);
  });

  it("does not repeat a save from a stream, whose bytes are gone", async () => {
    let saves = 0;
    class Failing extends InMemoryArtifactStore {
      override async save(): Promise<never> {
        saves++;
        throw unavailable(false);
      }
    }
    const clock = new VirtualClock();
    const retrying = retryUnavailable(new Failing(), { clock, maxAttempts: 3 });
    const about = { ...scope, filename: "f", writeId: "w", metadata: { kind: "data" as const } };
    const body = streamSource((async function* () {})(), { maxBytes: 1 });
    await expect(retrying.save({ ...about, body })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(saves).toBe(1);
    const whole = await bytesSource(new Uint8Array(0));
    const outcome = retrying.save({ ...about, body: whole }).catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({ code: "UNAVAILABLE" });
    expect(saves).toBe(4);
  });

  it("leaves absent commands absent", () => {
    const store = withoutCopy(new InMemoryArtifactStore());
    const retrying = retryUnavailable(store, { clock: new VirtualClock(), maxAttempts: 2 });
    expect(retrying.copy).toBeUndefined();
    expect(retrying.sign).toBeUndefined();
    expect(retrying.check).toBeDefined();
  });
});

/** A store that lacks what a store may lack, but for `check`. */
function withoutCopy(store: InMemoryArtifactStore): ArtifactStore {
  return {
    save: (command, signal) => store.save(command, signal),
    open: (command, signal) => store.open(command, signal),
    list: (command, signal) => store.list(command, signal),
    versions: (command, signal) => store.versions(command, signal),
    erase: (command, signal) => store.erase(command, signal),
    check: (signal) => store.check(signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
