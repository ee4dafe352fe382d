/** The two functions that a test runner must offer: vitest, `node:test` and `bun:test` all do. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** One thing that an implementation of a contract must do. A subject is made anew for each case. */
export interface SuiteCase<Subject, Level extends string = string> {
  /** Never changes its meaning: adapters name it in `knownGaps`. */
  readonly key: string;
  readonly title: string;
  readonly level: Level;
  /** Rejects when the subject falls short; calls {@link notApplicable} when the subject cannot be asked. */
  run(subject: Subject): Promise<void>;
}

/** What is tested, and which cases it is known to fail. */
export interface SuiteOptions<Subject extends AsyncDisposable, Level extends string = string> {
  /** What is tested, for people: `redis 8`. */
  readonly name: string;
  /** Makes a fresh, empty subject: one for each case. The case's end disposes it. */
  readonly store: () => Promise<Subject> | Subject;
  /** Keys of cases that this implementation is known to fail. One that passes fails the run: take it off the list. */
  readonly knownGaps?: readonly string[] | undefined;
  /** Keys of cases that this subject cannot be asked. A case that does not apply and is not listed here fails the run. */
  readonly notApplicable?: readonly string[] | undefined;
  /** Only cases of these levels. @defaultValue all */
  readonly levels?: readonly Level[] | undefined;
}

/** What became of one case; it passed when `error` and `notApplicable` are absent. */
export interface CaseResult {
  readonly key: string;
  /** Why the case failed; absent when it passed. */
  readonly error?: Error;
  /** Why the case could not be asked. */
  readonly notApplicable?: string;
}

class NotApplicable extends Error {
  override readonly name: string = "NotApplicable";
}

/** Ends a case that the subject cannot be asked. */
export function notApplicable(reason: string): never {
  throw new NotApplicable(reason);
}

/** Registers one test for each case with a test runner. */
export function runSuite<Subject extends AsyncDisposable, Level extends string>(
  runner: TestRunner,
  options: SuiteOptions<Subject, Level>,
  cases: readonly SuiteCase<Subject, Level>[],
): void {
  const gaps = new Set(options.knownGaps);
  const inapplicable = new Set(options.notApplicable);
  const unknown = [...gaps, ...inapplicable].filter((key) => !cases.some((c) => c.key === key));
  if (unknown.length > 0)
    throw new Error(
      `No case of the kit has the key ${unknown.join(", ")}. Correct knownGaps or notApplicable of "${options.name}".`,
    );
  runner.describe(options.name, () => {
    for (const item of select(cases, options.levels))
      runner.it(`[${item.key}] ${item.title}`, async () => {
        const result = await runCase(item, options.store);
        judge(result, gaps.has(item.key), inapplicable.has(item.key));
      });
  });
}

/** Runs cases one after the other without a test runner. */
export async function runCases<Subject extends AsyncDisposable, Level extends string>(
  store: () => Promise<Subject> | Subject,
  cases: readonly SuiteCase<Subject, Level>[],
  levels?: readonly Level[],
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const item of select(cases, levels)) results.push(await runCase(item, store));
  return results;
}

function select<Subject, Level extends string>(
  cases: readonly SuiteCase<Subject, Level>[],
  levels: readonly Level[] | undefined,
): readonly SuiteCase<Subject, Level>[] {
  return levels ? cases.filter(({ level }) => levels.includes(level)) : cases;
}

async function runCase<Subject extends AsyncDisposable>(
  item: SuiteCase<Subject>,
  store: () => Promise<Subject> | Subject,
): Promise<CaseResult> {
  const { key } = item;
  try {
    await using subject = await store();
    await item.run(subject);
    return { key };
  } catch (error) {
    if (error instanceof NotApplicable) return { key, notApplicable: error.message };
    return { key, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function judge(result: CaseResult, isGap: boolean, isInapplicable: boolean): void {
  const { key, error, notApplicable: reason } = result;
  if (reason !== undefined) {
    if (isInapplicable) return;
    throw new Error(`"${key}" cannot be asked here: ${reason} List it in notApplicable.`);
  }
  if (isInapplicable) throw new Error(`"${key}" can be asked now: take it off notApplicable.`);
  if (error === undefined) {
    if (isGap) throw new Error(`"${key}" passes now: take it off knownGaps.`);
    return;
  }
  if (!isGap) throw error;
}
