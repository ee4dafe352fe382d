const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
/** Scripts whose words are written without spaces between them. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

let segmenter: Intl.Segmenter | undefined;

/** The different words of a text of any script, in lower case. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  for (const [run] of text.normalize("NFKC").toLowerCase().matchAll(WORD))
    if (UNSPACED.test(run)) for (const word of segment(run)) words.add(word);
    else words.add(run);
  return words;
}

function* segment(run: string): Generator<string> {
  segmenter ??= new Intl.Segmenter("und", { granularity: "word" });
  for (const { segment: word, isWordLike } of segmenter.segment(run)) if (isWordLike) yield word;
}
