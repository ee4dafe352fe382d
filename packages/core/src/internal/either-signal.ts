/** Fires with the first of two. What is no signal is given back: whoever takes it refuses it. */
export function eitherSignal<Other extends AbortSignal | undefined>(
  signal: AbortSignal | undefined,
  other: Other,
): AbortSignal | Other {
  if (signal === undefined) return other;
  return other && signal instanceof AbortSignal ? AbortSignal.any([signal, other]) : signal;
}
