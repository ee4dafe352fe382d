import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** One movement of money. */
export interface Payment {
  readonly order: string;
  readonly amount: number;
  /** Two payments under one key are one. */
  readonly key: string;
}

/** The world outside, where a mistake costs money. Its books are a file: it outlives every process of the desk. */
export class Bank {
  readonly #books: string;

  /** @param books the file, a line for each time that somebody asked for a payment. */
  constructor(books: string) {
    this.#books = books;
  }

  pay(payment: Payment): void {
    appendFileSync(this.#books, `${JSON.stringify(payment)}\n`);
  }

  /** All that was asked for, by whichever process. */
  get attempts(): readonly Payment[] {
    const lines = existsSync(this.#books) ? readFileSync(this.#books, "utf8").split("\n") : [];
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Payment);
  }

  /** What was paid. */
  get payments(): readonly Payment[] {
    const { attempts } = this;
    return attempts.filter(({ key }, n) => attempts.findIndex((one) => one.key === key) === n);
  }
}
