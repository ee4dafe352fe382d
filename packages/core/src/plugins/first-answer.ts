/** The first answer of a list of callbacks; they are asked in order until one has one. */
export async function firstAnswer<P, T>(
  callbacks: readonly ((params: P) => T | undefined | void | Promise<T | undefined | void>)[],
  params: P,
): Promise<T | undefined> {
  for (const callback of callbacks) {
    const answer = await callback(params);
    if (answer !== undefined && answer !== null) return answer;
  }
  return undefined;
}
