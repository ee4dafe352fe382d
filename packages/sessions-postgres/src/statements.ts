import { AdkError } from "@adk/core";
import {
  quoteIdentifier,
  type Database,
  type Parameter,
  type Row,
  type RunOptions,
} from "./database.ts";
import { migrateSchema, prepareSchema } from "./schema.ts";
import { cancelled, untilAborted } from "./until-aborted.ts";

export interface StatementsOptions {
  readonly database: Database;
  readonly schema: string;
  readonly migrations: "auto" | "verify";
  readonly pooler: boolean;
}

/** Statements and functions of a schema, which is made or looked at before the first of them. */
export class Statements {
  readonly #database: Database;
  readonly #options: StatementsOptions;
  readonly #quoted: string;
  readonly #texts: Map<string, string> = new Map();
  #ready: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: StatementsOptions) {
    this.#options = options;
    this.#database = options.database;
    this.#quoted = quoteIdentifier(options.schema);
  }

  /** A function's rows; its parameters' types are the function's. */
  async call(name: string, parameters: readonly Parameter[], options: RunOptions): Promise<Row[]> {
    const marks = parameters.map((_parameter, index) => `$${index + 1}`);
    return await this.run(`select * from {s}.${name}(${marks.join(", ")})`, parameters, options);
  }

  /** What a function returns that returns one text. */
  async callOne(
    name: string,
    parameters: readonly Parameter[],
    options: RunOptions,
  ): Promise<string> {
    const rows = await this.call(name, parameters, options);
    return rows[0]?.[0] ?? "not-found";
  }

  /** A statement's rows. */
  async run(text: string, parameters: readonly Parameter[], options: RunOptions): Promise<Row[]> {
    await this.prepare(options.signal);
    return await this.#database.run(this.text(text), parameters, options);
  }

  /** A statement of this schema: `{s}` stands for its name. */
  text(template: string): string {
    let text = this.#texts.get(template);
    if (text === undefined) {
      text = template.replaceAll("{s}", this.#quoted);
      this.#texts.set(template, text);
    }
    return text;
  }

  /** Once a process; when it fails the next command tries again. */
  async prepare(signal: AbortSignal | undefined): Promise<void> {
    this.#refuseClosed();
    if (signal?.aborted) throw cancelled(signal);
    this.#ready ??= this.#look();
    await untilAborted(this.#ready, signal);
  }

  /** Creates the schema or brings it up to date, whatever `migrations` says. */
  async migrate(signal: AbortSignal | undefined): Promise<void> {
    this.#refuseClosed();
    const { schema, pooler } = this.#options;
    await migrateSchema(this.#database, schema, { pooler, signal });
    this.#ready = Promise.resolve();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Once for all callers; when it fails the next one looks again. */
  #look(): Promise<void> {
    const { schema, migrations } = this.#options;
    const looking = prepareSchema(this.#database, schema, migrations);
    looking.catch(() => {
      if (this.#ready === looking) this.#ready = undefined;
    });
    return looking;
  }

  #refuseClosed(): void {
    if (this.#isClosed)
      throw new AdkError("CLOSED", "The store was closed. Open a new one.", {
        details: { committed: false },
      });
  }
}
