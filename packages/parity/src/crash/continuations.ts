import { promiseHooks } from "node:v8";

/**
 * Counts the continuations of promises (of `then`, `catch`, `finally` and `await`) while it is switched on. There is one
 * engine in a process, so there is one counter.
 */
let counted = 0;
let limit = Number.POSITIVE_INFINITY;
let onLimit: (() => void) | undefined;
let isOn = false;
let isHooked = false;

/** Starts again at 0. @param reached called once, before the continuation of that number. */
export function countFromZero(
  cutAt: number = Number.POSITIVE_INFINITY,
  reached: (() => void) | undefined = undefined,
): void {
  if (!isHooked) promiseHooks.onBefore(onBefore);
  isHooked = true;
  counted = 0;
  limit = cutAt;
  onLimit = reached;
}

export function switchCounting(on: boolean): void {
  isOn = on;
}

/** How many there were so far. */
export function continuations(): number {
  return counted;
}

function onBefore(): void {
  if (!isOn || ++counted !== limit) return;
  isOn = false;
  onLimit?.();
}
