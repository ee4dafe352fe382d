/** What Ada writes in her message. */
export const ADAS_KEY = "sk-live-4f1d77a0";
/** What the register tells about a customer. */
export const CUSTOMERS_KEY = "sk-live-90c3be52";

/** The world outside: a register of customers that is busy at first, and careless with keys. */
export class Register {
  /** How often it was asked. */
  asked = 0;
  readonly #failures: number;

  /** @param failures how often in a row it is busy before it answers. */
  constructor(failures = 2) {
    this.#failures = failures;
  }

  /** @throws Error while it is busy. */
  find(customer: string): { customer: string; plan: string; apiKey: string } {
    this.asked++;
    if (this.asked <= this.#failures)
      throw new Error(
        `The register is busy, ${customer} (${CUSTOMERS_KEY}) was not found in time.`,
      );
    return { customer, plan: "gold", apiKey: CUSTOMERS_KEY };
  }
}
