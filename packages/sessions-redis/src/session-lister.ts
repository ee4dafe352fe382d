import type { ListCommand, Page, SessionHeader } from "@adk/core";
import { FORGET } from "./commands/app-state.lua.ts";
import type { Connection, RunOptions } from "./connection.ts";
import { appMember, readAppMember, readUserMember, type Keys, type Life } from "./keys.ts";
import { findLives, withScores, type FoundLife } from "./lives.ts";
import { decodePosition, encodePosition, type Position } from "./page-token.ts";

/** How many headers are read at once at the most. */
const CHUNK = 500;
/** Longer than what is announced is under way before it is so. */
export const ANNOUNCED_MS = 3_600_000;

/** Pages of headers, newest first: of an index that gives their order, or of a whole set that is sorted here. */
export class SessionLister {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #isSplit: boolean;

  constructor(connection: Connection, keys: Keys, isSplit: boolean) {
    this.#connection = connection;
    this.#keys = keys;
    this.#isSplit = isSplit;
  }

  async list(command: ListCommand, options: RunOptions): Promise<Page<SessionHeader>> {
    const { orderBy = "createTime", pageToken } = command;
    const after = pageToken === undefined ? undefined : decodePosition(orderBy, pageToken);
    const isMarked = command.pending === true || command.interrupted === true;
    if (orderBy === "lastUpdateTime" || (command.userId === undefined && isMarked))
      return await this.#sorted(command, after, options);
    return await this.#walked(command, after, options);
  }

  /** Along an index by serial, as far as the page needs. */
  async #walked(
    command: ListCommand,
    after: Position | undefined,
    options: RunOptions,
  ): Promise<Page<SessionHeader>> {
    const { appName, pageSize } = command;
    const [index, read] = this.#index(command);
    const items: FoundLife[] = [];
    let next = after ? `(${after.serial}` : "+inf";
    // A filter that lets little pass needs larger steps.
    for (let step = pageSize + 1; ; step *= 2) {
      const count = Math.min(CHUNK, step);
      const lives = withScores(
        await this.#connection.ask(
          ["zrevrangebyscore", index, next, "-inf", "WITHSCORES", "LIMIT", 0, count],
          options,
        ),
        read,
      );
      for (const life of await this.#find(appName, lives, options))
        if (isListed(life, command)) items.push(life);
      const last = lives.at(-1);
      if (items.length > pageSize || lives.length < count || !last) break;
      next = `(${last.score}`;
    }
    return toPage(items, command);
  }

  /** All of a set, sorted here: what changes with each append stands in no index. */
  async #sorted(
    command: ListCommand,
    after: Position | undefined,
    options: RunOptions,
  ): Promise<Page<SessionHeader>> {
    const [index, read] = this.#index(command);
    const members = (await this.#connection.ask(
      ["zrange", index, 0, -1, "WITHSCORES"],
      options,
    )) as unknown[];
    const lives = withScores(members, read);
    const found: FoundLife[] = [];
    for (let start = 0; start < lives.length; start += CHUNK)
      found.push(
        ...(await this.#find(command.appName, lives.slice(start, start + CHUNK), options)),
      );
    if (command.userId === undefined) await this.#forget(command, index, found);
    const items = found
      .filter((life) => isListed(life, command))
      .map((life) => ({ life, at: positionOf(life, command) }))
      .filter(({ at }) => !after || compare(at, after) < 0)
      .toSorted((left, right) => compare(right.at, left.at))
      .map(({ life }) => life);
    return toPage(items, command);
  }

  #index({
    appName,
    userId,
    pending,
    interrupted,
  }: ListCommand): [key: string, read: (member: string) => Life] {
    const of = userId === undefined ? this.#keys.app(appName) : this.#keys.user(appName, userId);
    const index = interrupted ? of.open : pending ? of.waiting : of.index;
    if (userId === undefined) return [index, readAppMember];
    return [index, (member) => readUserMember(userId, member)];
  }

  /** Takes out of an app's set what has long not been so: there, things are announced before they happen. */
  async #forget(
    { interrupted }: ListCommand,
    index: string,
    found: readonly FoundLife[],
  ): Promise<void> {
    const over = found.filter(({ stored }) =>
      interrupted
        ? stored?.header.invocationId === undefined
        : stored?.header.pendingCalls === undefined,
    );
    for (const life of over) {
      const words = [appMember(life), life.score, ANNOUNCED_MS];
      // Whoever lists next tries again.
      await this.#connection.run({ script: FORGET, keys: [index], words }).catch(() => {});
    }
  }

  async #find(
    appName: string,
    lives: readonly (Life & { score: number })[],
    options: RunOptions,
  ): Promise<FoundLife[]> {
    if (lives.length === 0) return [];
    return await findLives(this.#connection, this.#keys, appName, lives, this.#isSplit, options);
  }
}

function isListed({ stored }: FoundLife, command: ListCommand): boolean {
  if (!stored) return false;
  const { labels = {}, invocationId, pendingCalls, leaseExpiresInMs } = stored.header;
  if (command.pending && pendingCalls === undefined) return false;
  if (command.interrupted && (invocationId === undefined || leaseExpiresInMs !== undefined))
    return false;
  return Object.entries(command.labels ?? {}).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}

function positionOf({ stored }: FoundLife, { orderBy }: ListCommand): Position {
  const { serial = 0, header } = stored ?? {};
  return {
    lastUpdateTime: orderBy === "lastUpdateTime" ? (header?.lastUpdateTime ?? 0) : 0,
    serial,
  };
}

function compare(left: Position, right: Position): number {
  return left.lastUpdateTime - right.lastUpdateTime || left.serial - right.serial;
}

/** One more than asked for says whether there is a next page. */
function toPage(items: readonly FoundLife[], command: ListCommand): Page<SessionHeader> {
  const { pageSize, orderBy = "createTime" } = command;
  const page = items.slice(0, pageSize);
  const headers = page.flatMap(({ stored }) => (stored ? [stored.header] : []));
  const last = page.at(-1);
  if (items.length <= pageSize || !last) return { items: headers };
  return { items: headers, nextPageToken: encodePosition(orderBy, positionOf(last, command)) };
}
