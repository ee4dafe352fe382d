const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/** Waits until what is asked again and again is so; an ask that fails is a no. @throws Error when it is not so in a minute. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  let cause: unknown;
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Not so after a minute: ${what}.`, { cause });
}
