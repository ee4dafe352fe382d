/** Lets time pass. Never used to wait for something that can be awaited. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
