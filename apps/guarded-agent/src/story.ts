import {
  AdkError,
  type App,
  type BasePlugin,
  type Event,
  Runner,
  stringifyContent,
} from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { REFLECT_AND_RETRY_RESPONSE_TYPE } from "@adk/plugins/reflect-and-retry";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { strict as assert } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAssistant } from "./assistant.ts";
import { filesWith } from "./files-with.ts";
import { createGuards, type Guards, MAX_CALLS, MAX_TOKENS } from "./guards.ts";
import { FRUGAL, PATIENT, RESTLESS, TOKENS_A_CALL } from "./model-turns.ts";
import { ADAS_KEY, CUSTOMERS_KEY, Register } from "./register.ts";

export interface StoryOptions {
  /** Where the story is told. */
  print: (line: string) => void;
  register?: Register;
  /** Which of the guards the app has. */
  choose?: (guards: Guards) => BasePlugin[];
}

interface Scene extends Required<StoryOptions> {
  readonly folder: string;
}

/**
 * An agent under three guards: secrets stay out of the file, a tool that fails is tried again, a budget ends a run, and
 * an app that is opened anew on the file knows what is left.
 *
 * @throws AssertionError when anything of that is not so.
 */
export async function tellStory({
  print,
  register = new Register(),
  choose = ({ budget, redaction, retries }) => [retries, budget, redaction],
}: StoryOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "guarded-agent-"));
  const scene = { print, register, choose, folder };
  try {
    await open(scene, [...PATIENT, ...RESTLESS], async (runner, model) => {
      await tryAgain(scene, runner, model);
      await keepSecrets(scene, model);
      await exceedBudget(scene, runner);
    });
    await open(scene, FRUGAL, async (runner) => await tellWhatIsLeft(scene, runner));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Opens the file with guards that know nothing yet, lets its agent run, and closes. */
async function open(
  { register, choose, folder }: Scene,
  turns: readonly ScriptedTurn[],
  use: (runner: Runner, model: ScriptedLlm) => Promise<void>,
): Promise<void> {
  const guards = createGuards();
  const model = new ScriptedLlm({ turns });
  const { budget } = guards;
  const app: App = createAssistant({ model, register, budget, plugins: choose(guards) });
  const path = join(folder, "sessions.db");
  await using sessionService = await SqliteSessionService.connect({ path });
  await using runner = new Runner({ app, sessionService, autoCreateSession: true });
  await use(runner, model);
  model.assertConsumed();
}

async function ask(runner: Runner, text: string): Promise<{ words: string; events: Event[] }> {
  const newMessage = { role: "user", parts: [{ text }] };
  const events = await runner.run({ userId: "ada", sessionId: "plan", newMessage });
  const last = events.at(-1);
  return { words: last ? stringifyContent(last) : "", events };
}

async function tryAgain(
  { print, register }: Scene,
  runner: Runner,
  model: ScriptedLlm,
): Promise<void> {
  const { words, events } = await ask(runner, `My key is ${ADAS_KEY}. Which plan am I on?`);
  const told = model.requests.map(
    ({ contents }) => contents.at(-1)?.parts?.[0]?.functionResponse?.response,
  );
  for (const failures of [1, 2]) {
    const reflection = told[failures];
    assert.equal(reflection?.["response_type"], REFLECT_AND_RETRY_RESPONSE_TYPE, "it is told why");
    assert.equal(reflection["retry_count"], failures, "failures are counted");
    print(`find_customer has failed (${failures}): ${String(reflection["error_details"])}`);
  }
  assert.equal(told[3]?.["plan"], "gold", "the third try succeeds");
  assert.equal(told[3]["apiKey"], "[redacted]", "no secret of the result is kept");
  assert.equal(register.asked, 3, "the register was asked three times");
  assert.equal(words, "Ada is on the gold plan.");
  print(`Then it succeeds: ${words}`);
  const shown = JSON.stringify(events);
  for (const secret of [ADAS_KEY, CUSTOMERS_KEY])
    assert.ok(!shown.includes(secret), "no secret is shown");
}

async function keepSecrets({ print, folder }: Scene, model: ScriptedLlm): Promise<void> {
  // The search finds what is there.
  assert.notDeepEqual(
    await filesWith(folder, "Ada is on the gold plan."),
    [],
    "the search finds what was said",
  );
  assert.notDeepEqual(
    await filesWith(folder, "My key is [redacted]."),
    [],
    "the message is stored without its key",
  );
  const read = JSON.stringify(model.requests);
  for (const secret of [ADAS_KEY, CUSTOMERS_KEY]) {
    assert.deepEqual(await filesWith(folder, secret), [], "no secret is in the file");
    assert.ok(!read.includes(secret), "no secret reaches the model");
  }
  print("The keys of the message, the result and the errors are not in the file: [redacted].");
}

async function exceedBudget({ print, register }: Scene, runner: Runner): Promise<void> {
  const asked = register.asked;
  const error: unknown = await ask(runner, "Are you sure?").catch((reason: unknown) => reason);
  assert.ok(AdkError.isInstance(error), "the run is ended");
  assert.equal(error.code, "BUDGET_EXCEEDED", "the budget ends the run");
  const { scope, limit, allowed, spent } = error.details ?? {};
  assert.deepEqual(
    { scope, limit, allowed, spent },
    { scope: "run", limit: "maxCalls", allowed: MAX_CALLS, spent: MAX_CALLS },
  );
  assert.equal(register.asked - asked, MAX_CALLS, "what was paid for was done");
  print(`The next run calls the tool again and again, and is ended: ${error.message}`);
}

async function tellWhatIsLeft({ print, folder }: Scene, runner: Runner): Promise<void> {
  const { words } = await ask(runner, "What is left?");
  // Two whole runs, and the call with which it asked.
  const left = MAX_TOKENS - (2 * MAX_CALLS + 1) * TOKENS_A_CALL;
  assert.equal(words, `${left} tokens are left.`, "the file says what is left");
  for (const secret of [ADAS_KEY, CUSTOMERS_KEY])
    assert.deepEqual(await filesWith(folder, secret), [], "no secret is in the file");
  print(`The app is opened anew on the same file, and knows: ${words}`);
}
