/**
 * Gives each expected item a partner of its own among the found ones, wherever it stands; as many as possible get one.
 *
 * @returns the expected items without a partner, and the found ones that are nobody's.
 */
export function matchAll<E, F>(
  expected: readonly E[],
  found: readonly F[],
  fits: (expected: E, found: F) => boolean,
): { unmatched: E[]; left: F[] } {
  const candidates = expected.map((item) =>
    found.flatMap((other, index) => (fits(item, other) ? [index] : [])),
  );
  const ownerOf = new Map<number, number>();

  function assign(item: number, tried: Set<number>): boolean {
    for (const index of candidates[item] ?? []) {
      if (tried.has(index)) continue;
      tried.add(index);
      const owner = ownerOf.get(index);
      if (owner !== undefined && !assign(owner, tried)) continue;
      ownerOf.set(index, item);
      return true;
    }
    return false;
  }

  const unmatched = expected.filter((_, item) => !assign(item, new Set()));
  return { unmatched, left: found.filter((_, index) => !ownerOf.has(index)) };
}
