const UNITS = "one two three four five six seven eight nine".split(" ");
const TEENS =
  "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const NUMBER = String.raw`(-?[\d,.]*\d)`;

/** Ways to say an operation, and how the tool wants it written. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:the )?(?:square )?root of ([\d.]+)/g, "sqrt($1)"],
  [/\bsqrt ([\d.]+)/g, "sqrt($1)"],
  [/ ?\bsquared\b/g, "^2"],
  [/ ?\bcubed\b/g, "^3"],
  [/\b(?:raised )?to the (\d+)(?:st|nd|rd|th)(?: power)?/g, "^ $1"],
  [/\b(?:raised )?to the (?:power (?:of )?)?(?=-?\d)/g, "^ "],
  [/ ?(?:\bper ?cent\b)/g, "%"],
  [/\b(?:multiplied by|times)\b/g, "*"],
  [/\b(?:divided by|over)\b/g, "/"],
  [/\bplus\b/g, "+"],
  [/\bminus\b/g, "-"],
  [/\bmod(?:ulo)?\b/g, "%"],
  [/\bhalf of\b/g, "1/2 *"],
  [/\b(?:a |one )?third of\b/g, "1/3 *"],
  [/\b(?:a |one )?quarter of\b/g, "1/4 *"],
  [/\b(?:twice|double)\b/g, "2 *"],
  [new RegExp(`\\badd ${NUMBER} (?:and|to) ${NUMBER}`, "g"), "$1 + $2"],
  [new RegExp(`\\bsum of ${NUMBER} and ${NUMBER}`, "g"), "$1 + $2"],
  [new RegExp(`\\bproduct of ${NUMBER} and ${NUMBER}`, "g"), "$1 * $2"],
  [new RegExp(`\\bdifference (?:between|of) ${NUMBER} and ${NUMBER}`, "g"), "$1 - $2"],
  [new RegExp(`\\bsubtract ${NUMBER} from ${NUMBER}`, "g"), "$2 - $1"],
  [new RegExp(`\\bmultiply ${NUMBER} (?:by|with|and) ${NUMBER}`, "g"), "$1 * $2"],
  [new RegExp(`\\bdivide ${NUMBER} by ${NUMBER}`, "g"), "$1 / $2"],
  [/(?<=[\d)]) ?\b(?:x|by)\b ?(?=[\d(])/g, " * "],
];

const RUN =
  /(?:(?:\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+|[-+*/^%(),×÷−]|\b(?:sqrt|pi|of|min|max|abs|round)\b)\s*)+/g;

/** The arithmetic that a sentence asks for, written with digits and signs; what it comes to is for the tool to say. */
export function findExpression(sentence: string): string | undefined {
  let text = withDigits(sentence.toLowerCase());
  for (const [phrase, written] of PHRASES) text = text.replace(phrase, written);
  const [longest = ""] = [...text.matchAll(RUN)]
    .flatMap(([run]) => run.split(/(?<=[\d)])\s+(?=[\d(])/))
    .map(trim)
    .sort((a, b) => b.length - a.length);
  const isOperation = /\d.*[-+*/^%×÷−]|(?:sqrt|min|max|abs|round) ?\(/.test(longest);
  const isDate = /^\d+([-/])\d+\1\d+$/.test(longest);
  return isOperation && !isDate ? longest : undefined;
}

/** A run may have caught words and signs of the sentence around it. */
function trim(run: string): string {
  let text = run.trim();
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(/^(?:[)*/^%,×÷]|of\b)\s*/, "").replace(/\s*(?:[-+*/^,(×÷−]|\bof)$/, "");
  }
  return text;
}

function withDigits(text: string): string {
  const words = (list: readonly string[]): string => list.join("|");
  return text
    .replace(new RegExp(`\\b(${words(TENS)})[- ](${words(UNITS)})\\b`, "g"), (_, tens, unit) =>
      String((TENS.indexOf(tens as string) + 2) * 10 + UNITS.indexOf(unit as string) + 1),
    )
    .replace(new RegExp(`\\b(${words(TENS)})\\b`, "g"), (word) => `${TENS.indexOf(word) + 2}0`)
    .replace(new RegExp(`\\b(${words(TEENS)})\\b`, "g"), (word) => `1${TEENS.indexOf(word)}`)
    .replace(new RegExp(`\\b(${words(UNITS)})\\b`, "g"), (word) => `${UNITS.indexOf(word) + 1}`)
    .replace(/\ba (?=hundred|thousand)/g, "1 ")
    .replace(
      /\b(\d) hundred and (\d{1,2})\b/g,
      (_, hundreds, rest: string) => `${hundreds as string}${rest.padStart(2, "0")}`,
    )
    .replace(/\b(\d+) hundred\b/g, "$100")
    .replace(/\b(\d+) thousand\b/g, "$1000")
    .replace(/\bzero\b/g, "0");
}
