/**
 * The groups whose names contain one of the words; without words, all. A word that none contains ends the program with 2: with 1
 * it ends for a row that is missed.
 */
export function chooseGroups<Group extends { readonly name: string }>(
  groups: readonly Group[],
  words: readonly string[],
): readonly Group[] {
  const unknown = words.filter((word) => !groups.some(({ name }) => name.includes(word)));
  if (unknown.length > 0) {
    const names = groups.map(({ name }) => name).join(", ");
    console.error(`No name contains ${unknown.join(", ")}. The names are: ${names}.`);
    process.exit(2);
  }
  if (words.length === 0) return groups;
  return groups.filter(({ name }) => words.some((word) => name.includes(word)));
}
