import type { SessionKey } from "@adk/core";

/** What a hash tag holds: a user of an app, or the whole app (then one shard has all of it). */
export type Tag = "user" | "app";

/** The keys of one session, and those of its user, all in one slot. */
export interface SessionKeys {
  /** Hash: everything about the session but the large values. */
  readonly header: string;
  /** List: `<event id> NUL <data>`; the event at sequence n is at n - 1. */
  readonly events: string;
  /** Hash: event id to sequence. */
  readonly ids: string;
  /** Hash: state of the session's own scope. */
  readonly state: string;
  /** Hash: that state at birth. */
  readonly initial: string;
  /** String: older events that still matter. */
  readonly kept: string;
  /** List: changes of the app's state that are still to be applied in another slot. */
  readonly outbox: string;
  /** Channel for hints. */
  readonly channel: string;
}

/** The keys of a user, in the slot of the user's sessions. */
export interface UserKeys {
  /** Hash: state of the user's scope. */
  readonly state: string;
  /** Sorted set: the sessions by serial, the order of creation. */
  readonly index: string;
  /** Sorted set: those in which something waits, by serial. */
  readonly waiting: string;
  /** Sorted set: those with an open invocation, by serial. */
  readonly open: string;
}

/** The keys of an app. */
export interface AppKeys {
  /** Hash: state of the app's scope. */
  readonly state: string;
  /** Sorted set: all sessions by serial. */
  readonly index: string;
  /** Sorted set: at least those in which something waits, by when that was said. */
  readonly waiting: string;
  /** Sorted set: at least those with an open invocation, by when that was said. */
  readonly open: string;
}

/** One life of a session, as the indexes name it. */
export interface Life {
  readonly userId: string;
  readonly sessionId: string;
  readonly incarnation: string;
}

/**
 * Spells every key. Ids are escaped, so that none can forge a separator or a hash tag; what follows is readable:
 * `adk:{shop/ada}:s1:h`, `adk:{shop/ada}:ix`, `adk:{shop}:st`; with the tag `app`, `adk:{shop}/ada:s1:h`.
 */
export class Keys {
  readonly #prefix: string;
  readonly #tag: Tag;

  constructor(prefix: string, tag: Tag) {
    this.#prefix = prefix;
    this.#tag = tag;
  }

  /** String: which layout this is. */
  get layout(): string {
    return `${this.#prefix}{layout}`;
  }

  /** Written and removed by a rehearsal, beside the layout. */
  get rehearsal(): string {
    return `${this.layout}:rehearsal`;
  }

  /** Set: the apps. */
  get apps(): string {
    return `${this.#prefix}apps`;
  }

  session({ appName, userId, sessionId }: SessionKey): SessionKeys {
    const base = `${this.#userBase(appName, userId)}:${escapeId(sessionId)}`;
    return {
      header: `${base}:h`,
      events: `${base}:e`,
      ids: `${base}:i`,
      state: `${base}:s`,
      initial: `${base}:n`,
      kept: `${base}:k`,
      outbox: `${base}:o`,
      channel: `${base}:c`,
    };
  }

  user(appName: string, userId: string): UserKeys {
    const base = this.#userBase(appName, userId);
    return {
      state: `${base}:st`,
      index: `${base}:ix`,
      waiting: `${base}:wa`,
      open: `${base}:op`,
    };
  }

  app(appName: string): AppKeys {
    const base = this.#appBase(appName);
    return {
      state: `${base}:st`,
      index: `${base}:ix`,
      waiting: `${base}:wa`,
      open: `${base}:op`,
    };
  }

  /** String: the last sequence of this life whose change of the app's state was applied. */
  applied(appName: string, incarnation: string): string {
    return `${this.#appBase(appName)}:ap:${escapeId(incarnation)}`;
  }

  #appBase(appName: string): string {
    return `${this.#prefix}{${escapeId(appName)}}`;
  }

  #userBase(appName: string, userId: string): string {
    const [app, user] = [escapeId(appName), escapeId(userId)];
    return this.#tag === "user"
      ? `${this.#prefix}{${app}/${user}}`
      : `${this.#prefix}{${app}}/${user}`;
  }
}

/** A life among a user's sessions. Ids hold no NUL. */
function userMember({ sessionId, incarnation }: Omit<Life, "userId">): string {
  return `${sessionId}\0${incarnation}`;
}

/** A life among an app's sessions. */
export function appMember(life: Life): string {
  return `${life.userId}\0${userMember(life)}`;
}

export function readUserMember(userId: string, member: string): Life {
  return readAppMember(`${userId}\0${member}`);
}

export function readAppMember(member: string): Life {
  const [userId = "", sessionId = "", incarnation = ""] = member.split("\0");
  return { userId, sessionId, incarnation };
}

/** Everything that has a meaning in keys, hash tags or patterns, and what a terminal would not show. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const SPECIAL = /[%{}/:*?[\]\\\s\u0000-\u001f\u007f]/g;

function escapeId(id: string): string {
  return id.replace(SPECIAL, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}
