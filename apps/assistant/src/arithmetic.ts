/** What is wrong with an expression, in words for whoever wrote it. */
class ArithmeticError extends Error {
  override readonly name: string = "ArithmeticError";
}

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  sqrt: Math.sqrt,
  abs: Math.abs,
  round: Math.round,
  floor: Math.floor,
  ceil: Math.ceil,
  ln: Math.log,
  log: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  min: Math.min,
  max: Math.max,
};
const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };
const MAX_LENGTH = 1_000;
const MAX_DEPTH = 100;

/**
 * The value of an arithmetic expression: `+ - * / ^`, brackets, `%` (`20% of 50` is a share, `7 % 3` a remainder), `sqrt`,
 * `min`, `pi` and the like.
 *
 * @throws {@link ArithmeticError} for anything else; nothing is ever executed.
 */
export function evaluate(expression: string): number {
  if (expression.length > MAX_LENGTH)
    throw new ArithmeticError(`The expression is longer than ${MAX_LENGTH} characters.`);
  const value = new Parser(tokenize(expression)).parse();
  if (Number.isNaN(value)) throw new ArithmeticError("The result is not a real number.");
  if (!Number.isFinite(value)) throw new ArithmeticError("The result is too large.");
  // 0.1 + 0.2: what a computer adds in the 17th digit is not meant.
  return Number(value.toPrecision(15));
}

type Token = number | string;

function tokenize(expression: string): Token[] {
  const text = expression
    .toLowerCase()
    .replace(/(\d),(?=\d{3}(?!\d))/g, "$1")
    .replaceAll("**", "^")
    .replaceAll(/[×·]/g, "*")
    .replaceAll("÷", "/")
    .replaceAll("−", "-");
  const tokens: Token[] = [];
  const pattern = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|([a-z]+)|([-+*/^%(),]))/y;
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match)
      throw new ArithmeticError(`"${text.slice(at).trim().slice(0, 20)}" is no arithmetic.`);
    const [, number, word, sign] = match;
    tokens.push(
      number === undefined ? ((word === "of" ? "*" : word) ?? sign ?? "") : Number(number),
    );
  }
  return tokens;
}

/** sum = product (± product)*; product = unary (*,/,% unary)*; unary = -unary | power; power = value (^ unary)? */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): number {
    const value = this.#sum();
    if (this.#at < this.#tokens.length)
      throw new ArithmeticError(`"${this.#tokens[this.#at]}" is not expected there.`);
    return value;
  }

  #sum(): number {
    let value = this.#product();
    for (;;)
      if (this.#take("+")) value += this.#product();
      else if (this.#take("-")) value -= this.#product();
      else return value;
  }

  #product(): number {
    let value = this.#unary();
    for (;;)
      if (this.#take("*")) value *= this.#unary();
      else if (this.#take("/")) value /= this.#divisor();
      else if (this.#take("%")) value = this.#startsValue() ? value % this.#divisor() : value / 100;
      else return value;
  }

  #divisor(): number {
    const value = this.#unary();
    if (value === 0) throw new ArithmeticError("Nothing can be divided by zero.");
    return value;
  }

  #unary(): number {
    if (++this.#depth > MAX_DEPTH)
      throw new ArithmeticError("The expression is nested too deeply.");
    const value = this.#take("-")
      ? -this.#unary()
      : this.#take("+")
        ? this.#unary()
        : this.#power();
    this.#depth--;
    return value;
  }

  #power(): number {
    const value = this.#value();
    return this.#take("^") ? value ** this.#unary() : value;
  }

  #value(): number {
    const token = this.#tokens[this.#at++];
    if (typeof token === "number") return token;
    if (token === "(") return this.#closed(this.#sum());
    const constant = own(CONSTANTS, token);
    if (constant !== undefined) return constant;
    const fn = own(FUNCTIONS, token);
    if (!fn)
      throw new ArithmeticError(
        token === undefined
          ? "The expression ends where a number is expected."
          : `"${token}" is neither a number nor a function; there are ${Object.keys(FUNCTIONS).join(", ")}.`,
      );
    if (!this.#take("(")) throw new ArithmeticError(`${token} needs brackets: ${token}(2).`);
    const values = [this.#sum()];
    while (this.#take(",")) values.push(this.#sum());
    return this.#closed(fn(...values));
  }

  #closed(value: number): number {
    if (!this.#take(")")) throw new ArithmeticError("A bracket is not closed.");
    return value;
  }

  #startsValue(): boolean {
    const next = this.#tokens[this.#at];
    return typeof next === "number" || next === "(" || /^[a-z]/.test(next ?? "");
  }

  #take(sign: string): boolean {
    if (this.#tokens[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }
}

function own<T>(record: Readonly<Record<string, T>>, key: string | undefined): T | undefined {
  return key !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
