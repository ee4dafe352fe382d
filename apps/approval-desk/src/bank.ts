/** One movement of money. */
export interface Payment {
  readonly order: string;
  readonly amount: number;
  /** Two payments under one key are one. */
  readonly key: string;
}

/** The world outside, where a mistake costs money: it outlives every process of the desk. */
export class Bank {
  readonly payments: Payment[] = [];
  /** How often somebody asked for a payment. */
  attempts = 0;

  pay(payment: Payment): void {
    this.attempts++;
    if (!this.payments.some(({ key }) => key === payment.key)) this.payments.push(payment);
  }
}
