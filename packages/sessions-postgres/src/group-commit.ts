import { AdkError, type AppendCommand, type SessionKey } from "@adk/core";

/** What a batch says of one of its members; `undefined`: send it alone. */
export type BatchOutcome = string | undefined;

export interface GroupCommitOptions {
  /** One append. */
  sendOne(command: AppendCommand, signal: AbortSignal | undefined): Promise<string>;
  /**
   * Appends to different sessions, as one transaction.
   *
   * @throws a failure of them all. With `details.committed: false` it is one that may be a single member's doing.
   */
  sendMany(commands: readonly AppendCommand[]): Promise<BatchOutcome[]>;
  /** Appends that wait at the most. */
  readonly maxQueued: number;
  /** How long one may take, its wait included. */
  readonly timeoutMs: number;
  /** Its name in messages. */
  readonly server: string;
  /** Whether appends travel together at all. */
  readonly isOn: boolean;
}

interface Item {
  readonly command: AppendCommand;
  readonly session: string;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outcome: string) => void;
  readonly reject: (error: unknown) => void;
  /** Sent by itself: a batch passed it over, or failed. */
  alone: boolean;
  isSent: boolean;
  /** Its caller waits no longer. */
  isLeft: boolean;
  readonly onAbort: () => void;
  timer?: ReturnType<typeof setTimeout>;
}

/** More batches at once only make each smaller. */
const BATCHES = 2;
/** Appends that travel alone do not wait for batches, nor batches for them. */
const SINGLES = 8;
const MAX_MEMBERS = 64;
/** More than these are shared out: while the server writes one batch, this process makes the other. */
const FEW_MEMBERS = 8;
const MAX_BYTES = 1_048_576;
/** Larger events travel alone: nobody waits for them. */
const LARGE = 65_536;

/**
 * Appends of different sessions share a transaction, and so its wait for the disk.
 *
 * A session is *idle*, or *busy* while one of its appends is on the way; its other appends wait in call order. Nothing waits
 * for a timer: while fewer than two batches are on the way, what is ready goes at once, a lone append by itself; otherwise
 * what is ready gathers, and leaves together when a batch comes back and its callers have gone on. Members of a batch that meet another process's lock are
 * passed over by the server and sent again alone; when a batch fails as a whole, each of its members is sent alone, so that
 * one bad member fails alone. Changes of shared state never share a transaction.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  /** By session: the appends that wait, in call order. A session is here while it is busy or has some. */
  readonly #sessions: Map<string, Item[]> = new Map();
  /** First appends of idle sessions. */
  readonly #ready: Item[] = [];
  readonly #readyAlone: Item[] = [];
  #queued = 0;
  #batches = 0;
  #singles = 0;
  #isPumpDue = false;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** @returns the outcome in the database's words. */
  async append(command: AppendCommand, signal: AbortSignal | undefined): Promise<string> {
    if (!this.#options.isOn) return await this.#options.sendOne(command, signal);
    if (this.#queued >= this.#options.maxQueued)
      throw new AdkError(
        "UNAVAILABLE",
        `${this.#queued} appends wait for PostgreSQL already (\`maxQueued\`). Repeat the call later.`,
        { retryable: true, details: { committed: false } },
      );
    return await new Promise<string>((resolve, reject) => {
      const item: Item = {
        command,
        session: nameOf(command),
        signal,
        resolve,
        reject,
        alone: travelsAlone(command),
        isSent: false,
        isLeft: false,
        onAbort: () => leave(aborted(item)),
      };
      const leave = (error: AdkError): void => {
        item.isLeft = true;
        reject(error);
      };
      // The caller leaves at once; the append keeps its place, and goes only if it was under way.
      signal?.addEventListener("abort", item.onAbort, { once: true });
      item.timer = setTimeout(() => leave(late(item, this.#options)), this.#options.timeoutMs);
      this.#queued++;
      const waiting = this.#sessions.get(item.session);
      if (waiting) {
        waiting.push(item);
      } else {
        this.#sessions.set(item.session, []);
        this.#offer(item);
        if (!this.#isPumpDue) this.#pump();
      }
    });
  }

  /** When nothing is on the way any more. */
  async settled(): Promise<void> {
    if (this.#queued > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #offer(item: Item): void {
    (item.alone ? this.#readyAlone : this.#ready).push(item);
  }

  #pump(): void {
    while (this.#singles < SINGLES && this.#readyAlone.length > 0) {
      const item = this.#readyAlone.shift();
      if (!item || this.#leaves(item)) continue;
      item.isSent = true;
      this.#singles++;
      void this.#sendOne(item).finally(() => {
        this.#singles--;
        this.#pumpSoon();
      });
    }
    while (this.#batches < BATCHES && this.#ready.length > 0) {
      const members = this.#takeMembers();
      if (members.length === 0) continue;
      this.#batches++;
      const [first] = members;
      const sending =
        members.length === 1 && first ? this.#sendOne(first) : this.#sendMany(members);
      void sending.finally(() => {
        this.#batches--;
        this.#pumpSoon();
      });
    }
  }

  /** When those who were answered have gone on: what they append next travels together. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    process.nextTick(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #takeMembers(): Item[] {
    const members: Item[] = [];
    let bytes = 0;
    const share = Math.ceil(this.#ready.length / (BATCHES - this.#batches));
    const most = Math.min(MAX_MEMBERS, Math.max(FEW_MEMBERS, share));
    while (members.length < most && bytes < MAX_BYTES) {
      const item = this.#ready.shift();
      if (!item) break;
      if (this.#leaves(item)) continue;
      item.isSent = true;
      bytes += item.command.data.length;
      members.push(item);
    }
    return members;
  }

  /** A caller that left while its append waited: nothing is sent. */
  #leaves(item: Item): boolean {
    if (item.isLeft && !item.isSent) this.#finish(item, () => {});
    return item.isLeft && !item.isSent;
  }

  async #sendOne(item: Item): Promise<void> {
    try {
      const outcome = await this.#options.sendOne(item.command, item.signal);
      this.#finish(item, () => item.resolve(outcome));
    } catch (error) {
      this.#finish(item, () => item.reject(error));
    }
  }

  async #sendMany(members: readonly Item[]): Promise<void> {
    let outcomes: BatchOutcome[];
    try {
      outcomes = await this.#options.sendMany(members.map(({ command }) => command));
    } catch (error) {
      const isUndone = AdkError.isInstance(error) && error.details["committed"] === false;
      for (const item of members)
        if (isUndone) this.#again(item);
        else this.#finish(item, () => item.reject(error));
      return;
    }
    for (const [index, item] of members.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) this.#again(item);
      else this.#finish(item, () => item.resolve(outcome));
    }
  }

  #again(item: Item): void {
    item.alone = true;
    this.#offer(item);
  }

  /** Tells the caller, and offers the session's next append. */
  #finish(item: Item, tell: () => void): void {
    this.#queued--;
    clearTimeout(item.timer);
    item.signal?.removeEventListener("abort", item.onAbort);
    const next = this.#sessions.get(item.session)?.shift();
    if (next) this.#offer(next);
    else this.#sessions.delete(item.session);
    tell();
    if (this.#queued === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function aborted({ isSent, signal }: Item): AdkError {
  const message = isSent
    ? "The call was cancelled. Repeat it to learn what became of it."
    : "The call was cancelled before it was sent.";
  const committed = isSent ? "unknown" : false;
  return new AdkError("ABORTED", message, { cause: signal?.reason, details: { committed } });
}

function late({ isSent }: Item, { server, timeoutMs }: GroupCommitOptions): AdkError {
  return new AdkError(
    "TIMEOUT",
    `${server} did not answer within ${timeoutMs} ms (\`timeoutMs\`). Repeat the call.`,
    { retryable: true, details: { committed: isSent ? "unknown" : false } },
  );
}

function travelsAlone({ data, delta }: AppendCommand): boolean {
  return data.length > LARGE || delta?.app !== undefined || delta?.user !== undefined;
}

function nameOf({ appName, userId, sessionId }: SessionKey): string {
  return `${appName}\0${userId}\0${sessionId}`;
}
