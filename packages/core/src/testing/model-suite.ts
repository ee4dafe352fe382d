import assert from "node:assert/strict";
import type { FunctionCall } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { deepFreeze } from "../internal/json.ts";
import type { BaseLlm } from "../models/base-llm.ts";
import {
  ask,
  callsOf,
  collect,
  countedSignal,
  firstOf,
  makeRequest,
  textOf,
} from "./model-calls.ts";
import {
  notApplicable,
  runSuite,
  type SuiteCase,
  type SuiteOptions,
  type TestRunner,
} from "./suite.ts";

/** What the provider behind the model shall do with the one call that a case makes. */
export type ModelScript =
  /** It answers this text; streamed, in these pieces. */
  | { readonly kind: "texts"; readonly texts: readonly string[] }
  /** It answers this call. */
  | { readonly kind: "call"; readonly call: FunctionCall }
  /** It sends these pieces if the call streams, and then nothing, without an end. */
  | { readonly kind: "silence"; readonly after: readonly string[] }
  /** It cannot answer now; the same call may succeed later. */
  | { readonly kind: "unavailable" }
  /** It refuses the call, now and later. */
  | { readonly kind: "refused" };

/** A model and the provider behind it. */
export interface ModelSuiteSubject extends AsyncDisposable {
  /** A model whose provider does what the script says. */
  model(script: ModelScript): BaseLlm | Promise<BaseLlm>;
  /** What the provider sees. Leave it out when there is no provider to ask. */
  readonly provider?: {
    /** Resolves when a call has arrived and is open. */
    busy(): Promise<void>;
    /** Resolves when no call is open. */
    idle(): Promise<void>;
  };
  /** How long a case waits for what must come promptly. @defaultValue 2000 */
  readonly patienceMs?: number;
}

/** - answers: one answer. - stream: pieces. - lifetime: cancelled and left calls. - errors: what a failure looks like. */
export type ModelSuiteLevel = "answers" | "stream" | "lifetime" | "errors";
/** One thing that a model must do. */
export type ModelSuiteCase = SuiteCase<ModelSuiteSubject, ModelSuiteLevel>;

/** Registers what every `BaseLlm` must do as tests of a test runner. */
export function modelSuite(
  runner: TestRunner,
  options: SuiteOptions<ModelSuiteSubject, ModelSuiteLevel>,
): void {
  runSuite(runner, options, modelSuiteCases);
}

const TEXTS = ["Grüße ", "an alle 👋", ", bis bald."] as const;
const WHOLE = TEXTS.join("");
const CALL = { name: "add", args: { a: 1, list: [{ b: "ü" }], nothing: null } } as const;

/** The cases; their keys keep their meaning. */
export const modelSuiteCases: readonly ModelSuiteCase[] = [
  {
    key: "answer-once",
    title: "answers once, not partial, with the whole text",
    level: "answers",
    async run(subject) {
      const responses = await ask(await subject.model({ kind: "texts", texts: TEXTS }), false);
      assert.equal(responses.length, 1, "exactly one response");
      assert.notEqual(responses[0]?.partial, true, "not partial");
      assert.equal(responses[0]?.content?.role, "model");
      assert.equal(textOf(responses), WHOLE);
    },
  },
  {
    key: "answer-call",
    title: "passes a function call on, with its arguments",
    level: "answers",
    async run(subject) {
      const responses = await ask(await subject.model({ kind: "call", call: CALL }), false);
      assert.equal(responses.length, 1, "exactly one response");
      assert.deepEqual(callsOf(responses), [CALL]);
    },
  },
  {
    key: "request-unchanged",
    title: "works with a frozen request and changes nothing of it",
    level: "answers",
    async run(subject) {
      for (const stream of [false, true]) {
        const request = deepFreeze(makeRequest());
        const before = JSON.stringify(request);
        await ask(await subject.model({ kind: "texts", texts: TEXTS }), stream, request);
        assert.equal(JSON.stringify(request), before);
      }
    },
  },
  {
    key: "stream-partials-then-whole",
    title: "streams partial responses, then one that is whole",
    level: "stream",
    async run(subject) {
      const responses = await ask(await subject.model({ kind: "texts", texts: TEXTS }), true);
      const last = responses.at(-1);
      assert.ok(responses.length > 1, "at least one partial response");
      assert.ok(
        responses.slice(0, -1).every(({ partial }) => partial === true),
        "all but one partial",
      );
      assert.notEqual(last?.partial, true, "the last is whole");
      assert.equal(textOf(last ? [last] : []), WHOLE);
    },
  },
  {
    key: "stream-joined-equals-whole",
    title: "the partial texts, joined, are the whole text",
    level: "stream",
    async run(subject) {
      const responses = await ask(await subject.model({ kind: "texts", texts: TEXTS }), true);
      assert.equal(textOf(responses.filter(({ partial }) => partial === true)), WHOLE);
    },
  },
  {
    key: "stream-call-whole",
    title: "the whole response has a streamed call once, with its arguments",
    level: "stream",
    async run(subject) {
      const responses = await ask(await subject.model({ kind: "call", call: CALL }), true);
      assert.deepEqual(callsOf(responses.filter(({ partial }) => partial !== true)), [CALL]);
    },
  },
  {
    key: "abort-before",
    title: "gives nothing when the signal was aborted before",
    level: "lifetime",
    async run(subject) {
      for (const stream of [false, true]) {
        const model = await subject.model({ kind: "texts", texts: TEXTS });
        const { responses } = await promptly(
          subject,
          collect(model, stream, AbortSignal.abort("stop")),
        );
        assert.deepEqual(responses, []);
      }
    },
  },
  {
    key: "abort-waiting",
    title: "ends promptly when it is aborted while the provider is silent",
    level: "lifetime",
    async run(subject) {
      for (const stream of [false, true]) {
        const model = await subject.model({ kind: "silence", after: [] });
        const controller = new AbortController();
        const ended = collect(model, stream, controller.signal);
        await Promise.resolve();
        controller.abort("stop");
        const { responses } = await promptly(subject, ended);
        assert.deepEqual(responses, []);
      }
    },
  },
  {
    key: "abort-in-stream",
    title: "ends promptly when it is aborted in the middle of a stream, without a whole response",
    level: "lifetime",
    async run(subject) {
      const model = await subject.model({ kind: "silence", after: ["a", "b"] });
      const controller = new AbortController();
      const { responses } = await promptly(
        subject,
        collect(model, true, controller.signal, () => controller.abort("stop")),
      );
      assert.ok(
        responses.every(({ partial }) => partial === true),
        "no whole response",
      );
    },
  },
  {
    key: "abort-closes",
    title: "an aborted call is closed at the provider",
    level: "lifetime",
    async run(subject) {
      const { provider } = subject;
      if (!provider) notApplicable("The subject has no provider.");
      for (const stream of [false, true]) {
        const model = await subject.model({ kind: "silence", after: ["a"] });
        const controller = new AbortController();
        const ended = collect(model, stream, controller.signal);
        await promptly(subject, provider.busy());
        controller.abort("stop");
        await promptly(subject, ended);
        await promptly(subject, provider.idle());
      }
    },
  },
  {
    key: "return-closes",
    title: "a caller that leaves a stream closes the call at the provider",
    level: "lifetime",
    async run(subject) {
      const { provider } = subject;
      if (!provider) notApplicable("The subject has no provider.");
      const model = await subject.model({ kind: "silence", after: ["a"] });
      await promptly(subject, firstOf(model));
      await promptly(subject, provider.idle());
    },
  },
  {
    key: "no-listener-left",
    title: "leaves no listener on the signal",
    level: "lifetime",
    async run(subject) {
      for (const kind of ["texts", "refused"] as const)
        for (const stream of [false, true]) {
          const model = await subject.model(kind === "texts" ? { kind, texts: TEXTS } : { kind });
          const { signal, count } = countedSignal();
          await collect(model, stream, signal);
          assert.equal(count(), 0, `listeners left after ${kind}, stream ${stream}`);
        }
    },
  },
  {
    key: "error-unavailable",
    title: "throws when the provider cannot answer now: an AdkError is MODEL_FAILED and retryable",
    level: "errors",
    run: (subject) => fails(subject, { kind: "unavailable" }, true),
  },
  {
    key: "error-refused",
    title: "throws when the provider refuses: an AdkError is MODEL_FAILED and not retryable",
    level: "errors",
    run: (subject) => fails(subject, { kind: "refused" }, false),
  },
];

async function fails(
  subject: ModelSuiteSubject,
  script: ModelScript,
  retryable: boolean,
): Promise<void> {
  for (const stream of [false, true]) {
    const { signal } = new AbortController();
    const { responses, error } = await collect(await subject.model(script), stream, signal);
    assert.deepEqual(responses, []);
    assert.ok(error instanceof Error, "an Error is thrown");
    if (!AdkError.isInstance(error)) continue;
    assert.equal(error.code, "MODEL_FAILED");
    assert.equal(error.retryable, retryable, "retryable");
  }
}

async function promptly<T>(subject: ModelSuiteSubject, work: Promise<T>): Promise<T> {
  const { patienceMs = 2_000 } = subject;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new assert.AssertionError({ message: `still waiting after ${patienceMs} ms` })),
      patienceMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
