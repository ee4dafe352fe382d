/** The object with other values under its own names, in their order; itself when all stay. */
export function mapMembers<T extends object>(
  object: T,
  change: (name: keyof T, value: unknown) => unknown,
): T {
  let isChanged = false;
  const members = Object.entries(object).map(([name, value]): [string, unknown] => {
    const changed = change(name as keyof T, value);
    isChanged ||= changed !== value;
    return [name, changed];
  });
  return isChanged ? (Object.fromEntries(members) as T) : object;
}
