import { AdkError, Deadline } from "@adk/core";
import { behindWrite } from "./behind-write.ts";
import { checkWaits, waitCommands, type Durability } from "./durability.ts";
import { isMoved, isOutOfMemory, isUnknownScript, toAdkError } from "./errors.ts";
import { serverOf, type BatchReply, type Command, type Driver, type Word } from "./redis-client.ts";
import type { Script } from "./script.ts";

export interface ConnectionOptions {
  readonly driver: Driver;
  readonly timeoutMs: number;
  readonly durability: Durability;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface AskOptions extends RunOptions {
  readonly isWrite?: boolean | undefined;
  /** One of a cluster's servers. @defaultValue the client finds it by the key */
  readonly server?: Driver | undefined;
}

/** A script with its keys and words. */
export interface Call {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly words: readonly Word[];
}

const READS_AT_MOST = 5;

/** Commands under a deadline of our own, with the driver's errors in our words. */
export class Connection {
  readonly driver: Driver;
  readonly timeoutMs: number;
  readonly #durability: Durability;
  readonly #onReady = (): void => {
    this.#readies++;
    this.#trouble = undefined;
  };
  readonly #onError = (error: Error): void => void (this.#trouble = error);
  #readies = 0;
  /** Why there is no connection. */
  #trouble: Error | undefined;

  constructor({ driver, timeoutMs, durability }: ConnectionOptions) {
    this.driver = driver;
    this.timeoutMs = timeoutMs;
    this.#durability = durability;
    driver.on("ready", this.#onReady);
    driver.on("error", this.#onError);
  }

  /** Whether a reply waits until what it says is durable. */
  get isDurable(): boolean {
    return Boolean(this.#durability.replicas || this.#durability.localFsync);
  }

  /** What a script that writes returns, once that is as durable as was asked for. */
  async run(call: Call, options: RunOptions = {}): Promise<unknown> {
    return await this.#send(true, options, async (deadline) => {
      if (this.isDurable) return await this.#runDurably(call, deadline);
      return await this.#bySha(call, async (name, text) => {
        const { keys, words } = call;
        return await this.driver.call(name, text, keys.length, keys, words);
      });
    });
  }

  /** What a script returns, and what the commands read right after it, in the same moment. */
  async runAndRead(
    call: Call,
    commands: readonly Command[],
    options: RunOptions = {},
  ): Promise<readonly [reply: unknown, ...read: unknown[]]> {
    if (this.isDurable) {
      const written = await this.run(call, options);
      const read = await behindWrite(async () => await this.read(commands, options));
      return [written, ...read];
    }
    return await this.#send(true, options, async () => {
      return await this.#bySha(call, async (name, text) => {
        const { keys, words } = call;
        const command: Command = [name, text, keys.length, keys, words];
        const [reply, ...read] = await this.#multi([command, ...commands]);
        return [reply, ...read] as const;
      });
    });
  }

  /** What commands read, all of one moment. Their keys are in one slot. */
  async read(commands: readonly Command[], options: RunOptions = {}): Promise<unknown[]> {
    return await this.#send(false, options, async () => {
      try {
        return await this.#multi(commands);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        return await this.#readTwice(commands);
      }
    });
  }

  /** One command. */
  async ask(command: Command, options: AskOptions = {}): Promise<unknown> {
    const [name, ...words] = command;
    const { isWrite = false, server = this.driver } = options;
    return await this.#send(isWrite, options, async () => await server.call(name, ...words));
  }

  deadline(isWrite: boolean, signal?: AbortSignal): Deadline {
    const { timeoutMs, driver } = this;
    return new Deadline({ timeoutMs, isWrite, signal, server: serverOf(driver) });
  }

  close(): void {
    this.driver.off("ready", this.#onReady);
    this.driver.off("error", this.#onError);
  }

  async #send<T>(
    isWrite: boolean,
    { signal }: RunOptions,
    send: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    using deadline = this.deadline(isWrite, signal);
    const wasReady = this.driver.status === "ready";
    const readies = this.#readies;
    try {
      deadline.check();
      deadline.isSent = true;
      const result = await deadline.race(send(deadline));
      this.#trouble = undefined;
      return result;
    } catch (error) {
      // While the client is not connected commands wait in it.
      const isSent = wasReady || readies !== this.#readies;
      const isEnded = this.driver.status === "end" && !this.#trouble;
      throw toAdkError(error, { isSent, isWrite, isEnded, trouble: this.#trouble });
    }
  }

  /** By its name, and by its text when the server has forgotten it: then it was not run. */
  async #bySha<T>({ script }: Call, send: (name: string, text: string) => Promise<T>): Promise<T> {
    try {
      return await send("evalsha", script.sha);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return await send("eval", script.lua);
    }
  }

  async #runDurably(call: Call, deadline: Deadline): Promise<unknown> {
    return await this.#bySha(call, async (name, text) => {
      const { keys, words } = call;
      const command: Command = [name, text, keys.length, keys, words];
      let replies = await this.#write(command, deadline);
      if (isMoved(replies[0]?.[0])) {
        // Of a batch with waits the client follows no redirection, nor remembers it: it does of one command.
        await this.driver.call("exists", keys[0] as string);
        replies = await this.#write(command, deadline);
      }
      const [[failure, reply] = [null, undefined], ...waits] = replies;
      if (failure) throw failure;
      checkWaits(this.#durability, waits);
      return reply;
    });
  }

  async #write(command: Command, deadline: Deadline): Promise<readonly BatchReply[]> {
    const waitMs = Math.max(1, Math.floor(deadline.leftMs / 2));
    const batch = this.driver.pipeline([command, ...waitCommands(this.#durability, waitMs)]);
    return (await batch.exec()) ?? [];
  }

  /** A server whose memory is full takes no transactions, not even to read. What two reads agree on was so between them. */
  async #readTwice(commands: readonly Command[]): Promise<unknown[]> {
    for (let attempt = 0; attempt < READS_AT_MOST; attempt++) {
      const replies = await this.#batch(this.driver.pipeline([...commands, ...commands]));
      const [first, second] = [replies.slice(0, commands.length), replies.slice(commands.length)];
      const isAgreed = commands.every(
        ([name], index) =>
          name === "time" || JSON.stringify(first[index]) === JSON.stringify(second[index]),
      );
      if (isAgreed) return second;
    }
    throw new AdkError(
      "UNAVAILABLE",
      "The server's memory is full, so that nothing can be read at one moment, and the session keeps changing. Repeat the call.",
      { retryable: true, details: { committed: false } },
    );
  }

  async #multi(commands: readonly Command[]): Promise<unknown[]> {
    return await this.#batch(this.driver.multi(commands));
  }

  async #batch(batch: { exec(): Promise<readonly BatchReply[] | null> }): Promise<unknown[]> {
    const replies = (await batch.exec()) ?? [];
    return replies.map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
  }
}
