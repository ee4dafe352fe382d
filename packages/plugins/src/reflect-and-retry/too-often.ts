/** `3 times in a row; 2 retries are allowed`, with what the failures were in between. */
export function tooOften(failures: number, maxRetries: number, what?: string): string {
  const times = failures === 1 ? "once" : `${failures} times in a row`;
  const allowed = maxRetries === 1 ? "1 retry is allowed" : `${maxRetries} retries are allowed`;
  return `${times}${what === undefined ? "" : ` (${what})`}; ${allowed}`;
}
