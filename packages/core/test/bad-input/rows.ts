import type { AdkErrorCode } from "../../src/index.ts";
import type { World } from "./world.ts";

/** Something that is given where it does not belong. */
export interface Row {
  /** `Interface.member`, as the sources have it. */
  readonly option: string;
  /** In words, for the title. */
  readonly given: string;
  readonly code: AdkErrorCode;
  /** What the message must contain. */
  readonly says: string;
  /** Uses the option; throws or rejects. */
  use(world: World): unknown;
}

/** What the error is, where it is not the usual one. */
export interface Expected {
  readonly code?: AdkErrorCode;
  readonly says?: string;
}

/** `INVALID_ARGUMENT`, and a message with the option's name, unless it says otherwise. */
export type Bad = readonly [given: string, value: unknown, expected?: Expected | undefined];

export type Table = Readonly<Record<string, readonly Bad[]>>;

/** The rows of an options object: `base` makes one that is fine, `use` uses it. */
export function rowsOf<Options extends object>(
  owner: string,
  table: Table,
  base: (world: World) => Options,
  use: (world: World, options: Options) => unknown,
): Row[] {
  return Object.entries(table).flatMap(([member, bad]) =>
    bad.map(([given, value, expected]): Row => ({
      option: `${owner}.${member}`,
      given,
      code: expected?.code ?? "INVALID_ARGUMENT",
      says: expected?.says ?? `\`${member}\``,
      use: (world) => use(world, { ...base(world), [member]: value }),
    })),
  );
}

export const IDS: readonly Bad[] = [
  ["an empty text", ""],
  ["513 bytes", "x".repeat(513)],
  ["257 characters of two bytes", "é".repeat(257)],
  ["a NUL", "a\0b"],
  ["a lone surrogate", "\ud800"],
  ["a number", 5],
  ["null", null],
];
/** Of an id that is made up when it is absent or blank. */
export const OPTIONAL_IDS: readonly Bad[] = IDS.filter(
  ([, value]) => value !== "" && value !== null,
);
export const NO_TEXT: readonly Bad[] = [
  ["a number", 5],
  ["a list", ["a"]],
];
export const NO_BOOLEAN: readonly Bad[] = [
  ["a text", "true"],
  ["null", null],
];
export const NO_FUNCTION: readonly Bad[] = [
  ["a text", "f"],
  ["an object", {}],
];
export const NO_OBJECT: readonly Bad[] = [
  ["a text", "x"],
  ["a list", []],
  ["null", null],
];
export const NO_LIST: readonly Bad[] = [
  ["a text", "x"],
  ["an object", {}],
];
/** Neither zero and more, nor whole. */
export const NO_COUNT: readonly Bad[] = [
  ["a negative number", -1],
  ["a fraction", 1.5],
  ["NaN", Number.NaN],
  ["a text", "1"],
];
/** Nor one and more. */
export const NO_POSITIVE: readonly Bad[] = [["zero", 0], ...NO_COUNT];
export const NO_CLOCK: readonly Bad[] = [
  ["a number", 5],
  ["half a clock", { now: () => 0 }],
];
export const SIGNAL: readonly Bad[] = [
  ["an aborted one", AbortSignal.abort(), { code: "ABORTED", says: "cancelled" }],
  ["a text", "stop"],
];
/** An option that nobody knows; the message lists those that are known. */
export const UNKNOWN: Table = {
  colour: [["an unknown option", "red", { says: "no option `colour`. It knows: " }]],
};

/** Values that JSON cannot carry, each with the words for it. */
export function unfitValues(): [what: string, value: unknown, words: string][] {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = { again: cycle };
  let deep: unknown = 1;
  for (let level = 0; level < 1_100; level++) deep = [deep];
  return [
    ["a function", { f: () => 1 }, "a function"],
    ["a BigInt", { big: 1n }, "a bigint"],
    ["a symbol", { s: Symbol("x") }, "a symbol"],
    ["a cycle", cycle, "a cycle"],
    ["NaN", { n: Number.NaN }, "the number NaN"],
    ["Infinity", { n: Number.POSITIVE_INFINITY }, "the number Infinity"],
    ["a Map", { m: new Map([[1, 2]]) }, "a Map"],
    ["a Set", { m: new Set([1]) }, "a Set"],
    ["an Error", { e: new Error("x") }, "an Error"],
    ["a promise", { p: Promise.resolve(1) }, "a Promise"],
    ["bytes", { b: new Uint8Array(3) }, "a Uint8Array"],
    ["undefined in a list", { list: [1, undefined] }, "undefined"],
    ["1,100 levels", { deep }, "nested deeper"],
  ];
}

/** The same as rows of an option. */
export const UNFIT: readonly Bad[] = unfitValues().map(([what, value, words]): Bad => [
  what,
  value,
  { code: "NOT_SERIALIZABLE", says: words },
]);
