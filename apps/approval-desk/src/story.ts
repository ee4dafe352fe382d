import {
  AdkError,
  type Event,
  type PendingRequest,
  type Runner,
  stringifyContent,
} from "@adk/core";
import { strict as assert } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ANN, ANN_WRITES } from "./ann.ts";
import { Bank } from "./bank.ts";
import { createDesk } from "./desk.ts";
import { killWhenAsked } from "./kill-when-asked.ts";
import { openDesk } from "./open-desk.ts";

export interface StoryOptions {
  /** Where the story is told. */
  print: (line: string) => void;
  /** The bank of the processes that live on. */
  createBank?: (books: string) => Bank;
  /** The program of the process that is killed. */
  firstProcess?: string;
}

/**
 * Ann wants her money back; a person has to agree. The process that asked is killed, another opens the same file, and two
 * people click at once: the money is paid back once.
 *
 * @throws AssertionError when anything of that is not so.
 */
export async function tellStory({
  print,
  createBank = (books) => new Bank(books),
  firstProcess = fileURLToPath(new URL("first-process.ts", import.meta.url)),
}: StoryOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "approval-desk-"));
  try {
    const sessions = join(folder, "sessions.db");
    const books = join(folder, "bank.jsonl");
    await loseFirstProcess(firstProcess, [sessions, books], print);
    const bank = createBank(books);
    assert.equal(bank.attempts.length, 0, "no money moves before somebody agrees");
    await answer(bank, () => openDesk(createDesk(bank), sessions), print);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function loseFirstProcess(
  program: string,
  args: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  print(`Ann writes: ${ANN_WRITES}`);
  const { said, signal } = await killWhenAsked(program, args);
  assert.equal(said, "asked", "the desk asks a person");
  assert.equal(signal, "SIGKILL", "the process is killed");
  print("The clerk wants to refund 80 €, and waits for a person. Its process is killed (SIGKILL).");
}

async function answer(
  bank: Bank,
  open: () => Promise<Runner>,
  print: (line: string) => void,
): Promise<void> {
  await using morning = await open();
  await using evening = await open();
  const request = await readInbox(morning, print);

  const clicks = await Promise.all([
    click(morning, "Mia", request),
    click(evening, "Tom", request),
  ]);
  for (const { who, words } of clicks) print(`${who} clicks "approve": ${words}`);
  const made = clicks.filter(({ events }) => events !== undefined);
  const refused = clicks.filter(({ code }) => code === "CALL_ALREADY_ANSWERED");
  assert.equal(made.length, 1, "one click makes the refund");
  assert.equal(refused.length, 1, "the other one is told that it came second");

  assert.equal(bank.attempts.length, 1, "the refund is made once");
  assert.deepEqual(
    bank.payments.map(({ order, amount }) => ({ order, amount })),
    [{ order: "A-7", amount: 80 }],
  );
  assert.match(made[0]?.words ?? "", /80 € are on their way/);
  const { requests } = await evening.listPending({ userId: ANN.userId });
  assert.deepEqual(requests, [], "nothing waits any more");
  print(`The bank has paid ${bank.payments.length} refund, and the inbox is empty.`);
}

async function readInbox(runner: Runner, print: (line: string) => void): Promise<PendingRequest> {
  // All sessions of a user, by their headers; then one of them in full.
  const [listed, ...more] = (await runner.listPending({ userId: ANN.userId })).requests;
  assert.ok(listed, "the inbox has the request");
  assert.deepEqual(more, []);
  const { requests } = await runner.listPending({ ...ANN, sessionId: listed.sessionId });
  const request = requests.find(({ callId }) => callId === listed.callId);
  assert.ok(request);
  assert.equal(request.kind, "confirmation");
  assert.deepEqual(request.originalCall?.args, { order: "A-7", amount: 80 });
  print(`Another process finds in its inbox: ${JSON.stringify(request.originalCall)}`);
  return request;
}

interface Click {
  who: string;
  words: string;
  events?: Event[];
  code?: string;
}

async function click(runner: Runner, who: string, request: PendingRequest): Promise<Click> {
  const { sessionId, callId } = request;
  const events: Event[] = [];
  try {
    const response = { confirmed: true, payload: { by: who } };
    for await (const event of runner.answer({ ...ANN, sessionId, callId, response }))
      events.push(event);
  } catch (error) {
    if (!AdkError.isInstance(error)) throw error;
    return { who, words: error.code, code: error.code };
  }
  const said = events.findLast(({ content }) => content?.parts?.some(({ text }) => text));
  return { who, words: said ? stringifyContent(said) : "", events };
}
