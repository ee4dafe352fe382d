import { createSessionService, type Session, stringifyContent } from "@adk/core";
import { strict as assert } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Carrier } from "./carrier.ts";
import { APP_NAME } from "./courier.ts";
import { ORDERS } from "./orders.ts";
import { StoryProcess } from "./story-process.ts";

export interface StoryOptions {
  /** An empty store, for `createSessionService`. */
  readonly uri: string;
  /** How many workers are killed. */
  readonly rounds: number;
  /** Where the story is told. */
  readonly print: (line: string) => void;
  /** The worker's program. */
  readonly worker?: string;
}

const KEY = { appName: APP_NAME, ...ORDERS };

/**
 * Two workers on one store. One is killed while its tool runs, the other one finishes the run, and a new one takes the place of
 * the dead; again and again. A reader in a third process follows.
 *
 * @throws AssertionError when an order is shipped twice, a run is not finished or the reader misses an event.
 */
export async function tellStory(options: StoryOptions): Promise<void> {
  const { uri, rounds, print } = options;
  const folder = await mkdtemp(join(tmpdir(), "two-workers-"));
  try {
    const books = join(folder, "carrier.jsonl");
    await using sessions = await createSessionService(uri, { from: import.meta.url });
    await sessions.createSession(KEY);
    await using reader = new StoryProcess(program("reader.ts"), [uri]);
    await reader.hears("ready");
    await killWorkers(options, books);

    const session = await sessions.getSession(KEY);
    assert.ok(session);
    checkRuns(session, new Carrier(books), rounds);
    const { sessions: left } = await sessions.listInterrupted({ appName: APP_NAME });
    assert.deepEqual(left, [], "no run is left");
    await reader.hears("event", session.lastSequence);
    assert.deepEqual(
      reader.all("event").map(({ sequence, id }) => ({ sequence, id })),
      session.events.map(({ sequence, id }) => ({ sequence, id })),
      "the reader saw every event once and in order",
    );
    print(`  The reader saw ${session.lastSequence} events, each once and in order.`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function killWorkers(options: StoryOptions, books: string): Promise<void> {
  const { uri, rounds, print, worker = program("worker.ts") } = options;
  await using stack = new AsyncDisposableStack();
  const start = (): StoryProcess => stack.use(new StoryProcess(worker, [uri, books]));
  let [victim, other] = [start(), start()];
  for (let round = 1; round <= rounds; round++) {
    await Promise.all([victim.hears("ready"), other.hears("ready")]);
    const invocationId = `delivery-${round}`;
    victim.run({ invocationId, text: `Please ship order O-${round}.` });
    await victim.hears("shipping", victim.all("shipping").length + 1);
    const finished = other.all("finished").length;
    assert.equal(await victim.kill(), "SIGKILL");
    const found = await other.hears("finished", finished + 1);
    assert.equal(found.invocationId, invocationId, "the other one finishes the run");
    print(`  ${round}. killed while O-${round} was shipped; another one finished the run.`);
    [victim, other] = [other, start()];
  }
}

/** What is stored, and what has happened outside. */
function checkRuns({ events }: Session, carrier: Carrier, rounds: number): void {
  for (let round = 1; round <= rounds; round++) {
    const run = events.filter(({ invocationId }) => invocationId === `delivery-${round}`);
    const responses = run.flatMap(({ content }) =>
      (content?.parts ?? []).flatMap(({ functionResponse }) => functionResponse ?? []),
    );
    assert.equal(responses.length, 1, `the call of O-${round} has one response`);
    const asked = carrier.requests.filter(({ order }) => order === `O-${round}`);
    assert.ok(asked.length >= 2, `the call of O-${round} was made again after the crash`);
    const shipped = carrier.shipments.filter(({ order }) => order === `O-${round}`);
    assert.equal(shipped.length, 1, `O-${round} is shipped once`);
    const words = run.filter(({ author }) => author !== "user").map(stringifyContent);
    assert.ok(words.join(" ").includes(`travels as S-${round}.`), `O-${round} has an answer`);
  }
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
