/** How many lines the report has: some 6 MB, so that S3 gets it in parts. */
const REPORT_LINES = 200_000;

const LINES_A_PIECE = 1_000;

/** The sales of a year as CSV, a line for each. A piece is made when it is asked for: the whole is never held. */
export async function* salesReport(): AsyncGenerator<Uint8Array, void, undefined> {
  for (let from = 1; from <= REPORT_LINES; from += LINES_A_PIECE) {
    const lines = Array.from({ length: LINES_A_PIECE }, (_, n) => lineOf(from + n));
    yield Buffer.from(lines.join(""));
  }
}

/** The report's last line, by which a range of it is known. */
export const LAST_LINE: string = lineOf(REPORT_LINES);

function lineOf(sale: number): string {
  return `sale-${String(sale).padStart(6, "0")},tea set,${(sale % 90) + 10}.00 EUR\n`;
}
