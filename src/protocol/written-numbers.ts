import type { JsonValue } from '#kernel/json';

/** By the object or list that they are in, then by member. What is parsed is never changed in place. */
const written = new WeakMap<object, Map<string, string>>();
let isAny = false;

/** What can only be found in a text that has such a number. */
const HINT = /\d[.eE]|\d{16}/;
/** Fifty events of nothing else have fewer. */
const MAX_NUMBERS = 1_000_000;

const MARK = /[.eE]/;
/** Shorter numbers without a mark are written as all others are. */
const LONG = 16;

const [POINT, SMALL_E, LARGE_E] = [46, 101, 69];
const [QUOTE, BACKSLASH, SPACE, COMMA] = [34, 92, 32, 44];
const [BRACE, CLOSING_BRACE, BRACKET, CLOSING_BRACKET] = [123, 125, 91, 93];

/**
 * How whole numbers stood in the text that an object or list was parsed from, where their value does not tell: `1.0`,
 * `1e+25`, `12345678901234567890`. Servers in Python hash and sign them so, and rooms of versions 1 to 5 let them pass.
 * Nearly always there are none, which costs a look at a flag. Spec: room versions 1 and 6, "Canonical JSON".
 */
export function numbersAsWritten(container: object): ReadonlyMap<string, string> | undefined {
  return isAny ? written.get(container) : undefined;
}

/** Whether a number is such a one. Of fractions the value tells: every server writes the shortest that leads back to it. */
function isOddlyWritten(number: string): boolean {
  const value = Number(number);
  if (!Number.isInteger(value)) return false;
  return MARK.test(number) || (number !== '-0' && number !== BigInt(value).toString());
}

/** Has a copy of some members of an object written as the object is. */
export function keepNumbers(from: object, copy: object): void {
  const numbers = numbersAsWritten(from);
  if (numbers !== undefined) written.set(copy, numbers as Map<string, string>);
}

/** Parses what `canonicalJson` has written. */
export function parseCanonicalJson(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue;
  if (HINT.test(text)) rememberNumbers(text, value);
  return value;
}

/** Remembers how the numbers of a text stand in it, for the value that it was parsed to. Takes the time of a second parse. */
export function rememberNumbers(text: string, value: JsonValue): void {
  new Walk(text).take({ '': value }, '');
}

type Container = Readonly<Record<string, JsonValue>>;

/** Goes through a text that is JSON and its value side by side. Of equal keys the value has what the last of them says. */
class Walk {
  private at = 0;
  private found = 0;

  constructor(private readonly text: string) {}

  /** One value, the member `key` of `holder`; how it is written when that is odd. */
  take(holder: Container | undefined, key: string | number): string | undefined {
    const code = this.peek();
    if (code === BRACE) return this.takeObject(inside(holder, key));
    if (code === BRACKET) return this.takeArray(inside(holder, key));
    if (code !== QUOTE) return this.takeWord();
    this.skipText();
    return undefined;
  }

  private takeObject(object: Container | undefined): undefined {
    const numbers = new Map<string, string>();
    this.at++;
    for (let code = this.peek(); code !== CLOSING_BRACE; code = this.peek()) {
      if (code === COMMA) this.at++;
      else this.takeMember(object, numbers);
    }
    this.at++;
    this.remember(object, numbers);
  }

  private takeMember(object: Container | undefined, numbers: Map<string, string>): void {
    const start = this.at;
    this.skipText();
    const quoted = this.text.slice(start, this.at);
    const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    // What is next is a colon.
    this.peek();
    this.at++;
    const number = this.take(object, key);
    if (number !== undefined) numbers.set(key, number);
    else if (numbers.size > 0) numbers.delete(key);
  }

  private takeArray(list: Container | undefined): undefined {
    const numbers = new Map<string, string>();
    this.at++;
    let index = 0;
    for (let code = this.peek(); code !== CLOSING_BRACKET; code = this.peek()) {
      if (code === COMMA) this.at++;
      else {
        const number = this.take(list, index);
        if (number !== undefined) numbers.set(String(index), number);
        index++;
      }
    }
    this.at++;
    this.remember(list, numbers);
  }

  /** A number, true, false or null. */
  private takeWord(): string | undefined {
    const start = this.at;
    let isMarked = false;
    let code = this.text.charCodeAt(start);
    for (; !endsWord(code); code = this.text.charCodeAt(++this.at)) {
      isMarked ||= code === POINT || code === SMALL_E || code === LARGE_E;
    }
    const mayBeOdd = isMarked || this.at - start >= LONG;
    if (!mayBeOdd || this.found >= MAX_NUMBERS) return undefined;
    const word = this.text.slice(start, this.at);
    if (!isOddlyWritten(word)) return undefined;
    this.found++;
    return word;
  }

  private skipText(): void {
    let end = this.at;
    do end = this.text.indexOf('"', end + 1);
    while (isEscaped(this.text, end));
    this.at = end + 1;
  }

  /** What comes next that is no white space. */
  private peek(): number {
    let code = this.text.charCodeAt(this.at);
    while (code <= SPACE) code = this.text.charCodeAt(++this.at);
    if (Number.isNaN(code)) throw new SyntaxError('The text is not JSON');
    return code;
  }

  private remember(container: Container | undefined, numbers: Map<string, string>): void {
    if (container === undefined) return;
    if (numbers.size > 0) written.set(container, numbers);
    // By an earlier of two equal keys.
    else if (isAny) written.delete(container);
    isAny ||= numbers.size > 0;
  }
}

function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === BACKSLASH) start--;
  return (at - start) % 2 === 1;
}

/** White space, a comma, a closing bracket, or no character at all. */
function endsWord(code: number): boolean {
  return !(code > SPACE) || code === COMMA || code === CLOSING_BRACE || code === CLOSING_BRACKET;
}

/** The object or list that is a member. */
function inside(holder: Container | undefined, key: string | number): Container | undefined {
  if (holder === undefined || !Object.hasOwn(holder, key)) return undefined;
  const value = holder[key];
  return typeof value === 'object' && value !== null ? (value as Container) : undefined;
}
