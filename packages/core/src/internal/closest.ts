/**
 * The name that was probably meant: the one of `known` with the fewest letters changed, added, left out or exchanged with
 * their neighbour, if that is not more than a third of them. Upper and lower case do not count.
 */
export function closest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.floor(name.length / 3);
  for (const candidate of known) {
    // Cheap, and spares long names that nobody meant the table.
    if (Math.abs(candidate.length - name.length) > least) continue;
    const changes = changesBetween(name.toLowerCase(), candidate.toLowerCase());
    if (changes > least || (changes === least && best !== undefined)) continue;
    best = candidate;
    least = changes;
  }
  return best;
}

/** The optimal string alignment distance, a row of its table at a time. */
function changesBetween(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1];
      current.push(
        Math.min(
          at(above, column) + 1,
          at(current, column - 1) + 1,
          at(above, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    before = above;
    above = current;
  }
  return at(above, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
