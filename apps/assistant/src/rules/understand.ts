import type { Plan } from "./decide.ts";
import { findExpression } from "./expression.ts";
import { fileNotes, recall, say, searchFiles, use } from "./plans.ts";

const EXAMPLES: readonly string[] = [
  "what is 12*7?",
  "what time is it in Tokyo?",
  "remember that I like tea",
  "what do you remember about me?",
  "write milk, eggs to shopping.txt",
  "what files do I have?",
  "save everything you know about me to me.txt",
];

interface Sentence {
  /** Without politeness and final punctuation. */
  readonly text: string;
  readonly isQuestion: boolean;
  readonly lastAnswer: string;
}

type Rule = (sentence: Sentence) => Plan | undefined;

/** What to do about a sentence: the first rule that recognizes it says. */
export function understand(said: string, lastAnswer: string): Plan {
  const text = withoutPoliteness(said);
  const isQuestion = /\?\s*$/.test(said);
  for (const rule of RULES) {
    const plan = rule({ text, isQuestion, lastAnswer });
    if (plan) return plan;
  }
  return say(
    `I did not understand that: I am a few rules, not a language model. I do understand, for instance:\n${examples()}`,
  );
}

const FILE = String.raw`["'“‘]?([\p{L}\p{N}_][\p{L}\p{N}_.-]*\.[a-z]\w{0,7})["'”’]?`;
const INTO = String.raw`(?:to|in|into|as|on|onto|at the end of)\s+(?:(?:a|the|my)\s+)?(?:new\s+)?(?:file\s+)?(?:called\s+|named\s+)?`;
const ALL_NOTES = String.raw`(?:(?:all )?(?:of )?(?:my|your|the) notes|(?:everything|all|what)(?: that)? (?:do )?you (?:know|remember|have noted)(?: about me)?)`;

const HAND_OVER =
  /\b(?:talk|speak|switch|go|hand\b.*over|transfer|connect|give)\b.*\b(librarian|assistant)\b/i;
const ADDRESSED = /^(?:ask|tell|let|have)\s+the\s+(librarian|assistant)\s+(?:to\s+)?(.+)$/is;
const FILE_NOTES = new RegExp(
  `^(?:save|write|put|store|export|collect|copy|gather|list|summari[sz]e)\\s+(?:down\\s+)?${ALL_NOTES}(?:\\s+${INTO}(?:${FILE}|file))?$`,
  "iu",
);
const SEARCH_FILES = [
  /\bfiles?\b.*\b(?:mentions?|contains?|says?|about)\s+(?:the words?\s+)?(.+)$/is,
  /^(?:find|search for|look for)\s+(.+?)\s+in\s+(?:all\s+)?(?:my|the|all)\s+files$/is,
  /^(?:search|look|check|go|grep)\s+(?:in\s+|into\s+|through\s+)?(?:all\s+)?(?:of\s+)?(?:my|the|all)\s+files\s+for\s+(.+)$/is,
];
const WRITE = new RegExp(
  `^(write|put|save|store|note|jot|add|append)\\s+(?:down\\s+)?(.+?)\\s+${INTO}${FILE}$`,
  "isu",
);
const WRITE_WITH = new RegExp(
  `^(?:create|make|write|start|save|overwrite)\\s+(?:(?:a|the|new)\\s+)*(?:file\\s+)?(?:called\\s+|named\\s+)?${FILE}\\s+(?:with|containing|that says|saying)\\s*(?:the (?:text|content|words?)\\b)?:?\\s*(.+)$`,
  "isu",
);
const WRITE_INTO = new RegExp(
  `^(write|put|save|add|append)\\s+(?:to|into|in)\\s+${FILE}\\s*:?\\s+(.+)$`,
  "isu",
);
const NAMED_FILE = new RegExp(FILE, "iu");
const REMEMBER =
  /^(?:remember|memori[sz]e|(?:make|take|add|save|leave|write)\s+(?:me\s+)?(?:a\s+)?note(?:\s+to\s+self)?|note(?:\s+to\s+self|\s+down)?|write down|jot down|keep in mind|(?:don['’]?t|do not|never) forget|save)\b[\s:,]*(?:(?:that|of|the fact that|something|for me|this)\b[\s:,?]*)*(.+)$/is;
const FORGET =
  /^(?:forget|delete|remove|erase)\b\s*(?:(?:that|about|the|my|notes?|what you know|what I (?:said|told you))\b\s*)*(.*)$/is;
const STATEMENT = /^(?:my|our|i|i['’]m|i['’]ve|we|call me)\b/i;
const TIME =
  /\bwhat(?:['’]?s| is)?(?: the)?(?: current| local| exact)? (?:time|date|day|weekday)\b|\b(?:tell|give|show)\b.*\bthe (?:time|date)\b|\b(?:current|local) (?:time|date)\b|\bhow late\b|\bwhat hour\b|\btoday['’]?s date\b|\bwhich (?:day|date)\b|\bthe time\b|^(?:time|date|now)\b/i;
const PLACE =
  /\b(?:in|at|for)\s+(?:the\s+city\s+of\s+)?([\p{L}][\p{L}\s.'/_-]*?)(?:\s+(?:right now|now|today|at the moment))?$/iu;
const ABOUT_NOTES =
  /\b(?:what|anything|everything|something|all|list|show|tell|read|recall)\b.*\b(?:remember|know|noted|notes?|told you|learn(?:ed|t))\b/i;
const QUESTION_ABOUT_USER =
  /^(?:what|who|where|when|which|why|how|do|did|is|are|am|was|were|tell|have)\b.*\b(?:my|i|me|mine|i['’]m)\b/is;
const NO_KEYWORDS = new Set(
  "a about all am an and any anything are can could did do does everything for have i in is it know knows list me mine my myself note noted notes of on please remember s say show something tell that the there these things this to told us was we were what when where which who why how you your".split(
    " ",
  ),
);

const RULES: readonly Rule[] = [
  ({ text }) => {
    const name = HAND_OVER.exec(text)?.[1]?.toLowerCase();
    return name ? { ...say(`You are talking to the ${name} now.`), agent: name } : undefined;
  },
  ({ text, isQuestion, lastAnswer }) => {
    const [, name, rest] = ADDRESSED.exec(text) ?? [];
    if (name === undefined || rest === undefined) return undefined;
    return { ...understand(rest + (isQuestion ? "?" : ""), lastAnswer), agent: name.toLowerCase() };
  },
  ({ text }) => {
    const match = FILE_NOTES.exec(text);
    return match ? fileNotes(match[1] ?? "about-me.txt") : undefined;
  },
  writeFile,
  ({ text }) => {
    const wanted = SEARCH_FILES.map((pattern) => pattern.exec(text)?.[1]).find(Boolean);
    return wanted ? searchFiles(unquoted(wanted)) : undefined;
  },
  ({ text }) => {
    const note = REMEMBER.exec(text)?.[1];
    if (note === undefined || isAskingBack(note)) return undefined;
    return use("remember", { note: unquoted(note) });
  },
  ({ text }) => {
    const [, about] = FORGET.exec(text) ?? [];
    if (about === undefined) return undefined;
    if (NAMED_FILE.test(text)) return say("I have no tool that deletes files.");
    const words = keywords(about);
    if (words !== "") return use("forget", { about: words });
    if (/\b(?:everything|all|notes)\b/i.test(text)) return use("forget");
    return say("What shall I forget? Name it, or say `forget everything`.");
  },
  ({ text }) => {
    const file = NAMED_FILE.exec(text)?.[1];
    return file && !STATEMENT.test(text) ? use("read_file", { name: file }) : undefined;
  },
  ({ text }) =>
    /\b(?:what|which|list|show|see|any|my|are there)\b.*\bfiles\b|^(?:files|ls|dir)$/i.test(text)
      ? use("list_files")
      : undefined,
  ({ text, isQuestion }) => {
    const isStatement = STATEMENT.test(text) && !isQuestion;
    const expression = isStatement && !/\b(?:calculate|compute)\b/i.test(text) ? "" : text;
    const found = findExpression(expression);
    return found ? use("calculate", { expression: found }) : undefined;
  },
  ({ text }) => {
    if (!TIME.test(text)) return undefined;
    const place = PLACE.exec(text)?.[1];
    return use("current_time", place && !/^(?:here|the moment)$/i.test(place) ? { place } : {});
  },
  smallTalk,
  ({ text }) => {
    if (!ABOUT_NOTES.test(text) && !QUESTION_ABOUT_USER.test(text) && !REMEMBER.test(text))
      return undefined;
    return recall(/\b(?:about|of|on) (?:me|myself)$/i.test(text) ? "" : keywords(text));
  },
  ({ text, isQuestion }) =>
    STATEMENT.test(text) && !isQuestion ? use("remember", { note: text }) : undefined,
];

function writeFile({ text, lastAnswer }: Sentence): Plan | undefined {
  const into = WRITE_INTO.exec(text);
  const plain = WRITE.exec(text);
  const [verb, content, name] = into
    ? [into[1], into[3], into[2]]
    : plain
      ? [plain[1], plain[2], plain[3]]
      : ["write", ...(WRITE_WITH.exec(text) ?? []).slice(1).toReversed()];
  if (content === undefined || name === undefined) return undefined;
  const isLast = /^(?:that|this|it|the (?:answer|result)|your (?:last )?answer)$/i.test(content);
  if (isLast && lastAnswer === "") return say("I have not said anything yet that I could write.");
  return use("write_file", {
    name,
    text: isLast
      ? lastAnswer
      : unquoted(content.replace(/^the (?:text|words?|line) (?=["'“‘])/i, "")),
    ...(/^(?:add|append)$/i.test(verb ?? "") && { append: true }),
  });
}

function smallTalk({ text }: Sentence): Plan | undefined {
  if (
    /^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|how are you|what['’]?s up)\b(?: there)?$/i.test(
      text,
    )
  )
    return say(`Hello! I am a few rules, not a language model. Try one of these:\n${examples()}`);
  if (/^(?:thanks|thank you|thx|cheers|great|cool|nice|ok|okay)\b/i.test(text))
    return say("You are welcome.");
  if (/^(?:bye|good ?bye|see you|good night)\b/i.test(text)) return say("Goodbye!");
  if (
    /^(?:help|(?:who|what) are you|are you|who made you|what(?: kind of)? model|what can (?:you|i)\b|how do(?:es)? (?:you|this) work)/i.test(
      text,
    )
  )
    return say(
      `I am a few rules, not a language model; numbers and notes come from real tools. I understand, for instance:\n${examples()}`,
    );
  return undefined;
}

function examples(): string {
  return EXAMPLES.map((example) => `- ${example}`).join("\n");
}

/** "remember what I like?", "remember my name?": a question, although it begins like a task. */
function isAskingBack(note: string): boolean {
  return (
    /^(?:what|who|where|when|which|why|how|if|whether|anything|something|me|about)\b/i.test(note) ||
    /^my(?: [\p{L}'’]+){1,2}$/iu.test(note)
  );
}

function withoutPoliteness(said: string): string {
  let text = said.trim().replace(/[\s?!.]+$/, "");
  const before =
    /^(?:(?:hey|hi|hello|fyi|ok|okay|please|so|and|now|well|then|also|kindly)\b[\s,!]+|(?:could|can|would|will) you\s+(?:please\s+)?|(?:i want|i['’]d like|i need) (?:you )?to (?:know\s+)?|let me know\s+)(?=\S)/i;
  const after = /[\s,]+(?:please|for me|thanks|thank you)$/i;
  for (let last = ""; last !== text;) {
    last = text;
    text = text.replace(before, "").replace(after, "");
  }
  return text;
}

function unquoted(text: string): string {
  return (
    /^(?:"(.*)"|'(.*)'|“(.*)”|‘(.*)’)$/s.exec(text.trim())?.slice(1).find(Boolean) ?? text.trim()
  );
}

function keywords(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !NO_KEYWORDS.has(word)).join(" ");
}
