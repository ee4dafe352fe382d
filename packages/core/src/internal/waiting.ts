/** What a tool returns whose own run waits for an answer from outside: it is asked again when the answer is there. */
export const WAITING: unique symbol = Symbol("waiting");
