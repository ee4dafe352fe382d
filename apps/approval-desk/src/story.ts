import {
  AdkError,
  type App,
  BaseSessionService,
  type Event,
  InMemorySessionStore,
  type PendingRequest,
  Runner,
  type SessionStore,
  stringifyContent,
} from "@adk/core";
import { strict as assert } from "node:assert";
import { Bank } from "./bank.ts";
import { createDesk } from "./desk.ts";

export interface StoryOptions {
  /** Where the story is told. */
  print: (line: string) => void;
  bank?: Bank;
  createApp?: (bank: Bank) => App;
}

const ANN = { userId: "ann", sessionId: "tea-set" } as const;

/**
 * Ann wants her money back; a person has to agree. The process that asked is gone by then, another takes over the same store,
 * and two people click at once: the money is paid back once.
 *
 * @throws AssertionError when anything of that is not so.
 */
export async function tellStory({
  print,
  bank = new Bank(),
  createApp = createDesk,
}: StoryOptions): Promise<void> {
  // What stays when processes go. With @adk/sessions-postgres it would be a database.
  const store = new InMemorySessionStore();
  const startProcess = (): Runner =>
    new Runner({ app: createApp(bank), sessionService: serviceOn(store), autoCreateSession: true });

  // Nobody closes the first process: it just is not there any more.
  await writeToDesk(startProcess(), print);
  assert.equal(bank.attempts, 0, "no money moves before somebody agrees");

  await using morning = startProcess();
  await using evening = startProcess();
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

  assert.equal(bank.attempts, 1, "the refund is made once");
  assert.deepEqual(
    bank.payments.map(({ order, amount }) => ({ order, amount })),
    [{ order: "A-7", amount: 80 }],
  );
  assert.match(made[0]?.words ?? "", /80 € are on their way/);
  const { requests } = await evening.listPending({ userId: ANN.userId });
  assert.deepEqual(requests, [], "nothing waits any more");
  print(`The bank has paid ${bank.payments.length} refund, and the inbox is empty.`);
}

async function writeToDesk(runner: Runner, print: (line: string) => void): Promise<void> {
  const text = "My tea set came in pieces. It is order A-7; I want my money back.";
  print(`Ann writes: ${text}`);
  const events = await runner.run({ ...ANN, newMessage: { role: "user", parts: [{ text }] } });
  const asked = events.some(({ longRunningToolIds }) => longRunningToolIds?.length);
  assert.ok(asked, "the desk asks a person");
  print("The clerk wants to refund 80 €, and waits for a person. The process ends.");
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

/** As every process would make it: its own service, on what they share. */
function serviceOn(store: SessionStore): BaseSessionService {
  return new BaseSessionService(store);
}
