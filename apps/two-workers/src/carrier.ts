import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Something that is on its way. */
export interface Shipment {
  readonly order: string;
  /** Two requests under one key are one shipment. */
  readonly key: string;
}

/** How long the carrier takes to answer the first request for an order: long enough to die meanwhile. */
const SLOW_MS = 60_000;

/** The world outside, whose books are a file: it outlives every worker. */
export class Carrier {
  readonly #books: string;

  /** @param books the file, a line for each request. */
  constructor(books: string) {
    this.#books = books;
  }

  /** Ships once under each key; only who asks for an order again gets a quick answer. @returns the shipment's number. */
  async ship(shipment: Shipment): Promise<string> {
    const isKnown = this.requests.some(({ order }) => order === shipment.order);
    appendFileSync(this.#books, `${JSON.stringify(shipment)}\n`);
    if (!isKnown) await delay(SLOW_MS);
    return `S-${this.shipments.findIndex(({ key }) => key === shipment.key) + 1}`;
  }

  get requests(): readonly Shipment[] {
    const lines = existsSync(this.#books) ? readFileSync(this.#books, "utf8").split("\n") : [];
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Shipment);
  }

  get shipments(): readonly Shipment[] {
    const { requests } = this;
    return requests.filter(({ key }, n) => requests.findIndex((one) => one.key === key) === n);
  }
}
