/** The rows of the first table below a heading of a Markdown text, as records by column; none when there is no such table. */
export function tableBelow(markdown, heading) {
  const lines = markdown.split("\n");
  const start = lines.indexOf(heading);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const next = rest.findIndex((line) => /^#{1,2} /.test(line));
  const section = next === -1 ? rest : rest.slice(0, next);
  const first = section.findIndex((line) => line.startsWith("|"));
  if (first === -1) return [];
  const table = section.slice(first);
  const end = table.findIndex((line) => !line.startsWith("|"));
  const [head, , ...rows] = (end === -1 ? table : table.slice(0, end)).map(cellsOf);
  return rows.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index]])));
}

function cellsOf(line) {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
