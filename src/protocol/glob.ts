/**
 * Glob patterns (`*` any characters, `?` exactly one), matched without regard to case and without backtracking: all the
 * places in the pattern that the text read so far may have reached are kept as bits, and each character moves them on
 * together. The cost is the text's length times the pattern's length over 32, whatever either holds.
 * Spec: appendices, "Glob-style matching".
 */
export type Matcher = (text: string) => boolean;

const ANY = -1;

interface Pattern {
  /** The longest piece without wildcards: a text that lacks it need not be looked at closer. */
  readonly literal: string;
  /** Code points to be matched one after another; ANY for a question mark. */
  readonly items: readonly number[];
  /** Places (before item i, or after the last) where a star stands. */
  readonly stars: ReadonlySet<number>;
}

/** Compiles a pattern that must match a whole text. */
export function compileGlob(pattern: string): Matcher {
  const literal = pattern.toLowerCase();
  if (!/[*?]/.test(pattern)) return (text) => text.toLowerCase() === literal;
  const automaton = new Automaton(readPattern(literal));
  return (text) => automaton.matchesWhole(text);
}

/** Compiles a pattern that must match some part of a text which starts and ends at word boundaries. */
export function compileWordGlob(pattern: string): Matcher {
  const automaton = new Automaton(readPattern(pattern.toLowerCase()));
  return (text) => automaton.matchesWords(text);
}

/** Compiles a literal text, stars and all, that must stand in a text between word boundaries. */
export function compileWordLiteral(literal: string): Matcher {
  const automaton = new Automaton({
    literal: literal.toLowerCase(),
    items: codePoints(literal.toLowerCase()),
    stars: new Set(),
  });
  return (text) => automaton.matchesWords(text);
}

function readPattern(pattern: string): Pattern {
  const items: number[] = [];
  const stars = new Set<number>();
  for (const character of pattern) {
    if (character === '*') stars.add(items.length);
    else items.push(character === '?' ? ANY : (character.codePointAt(0) as number));
  }
  const literal = pattern.split(/[*?]+/).reduce((longest, piece) => (piece.length > longest.length ? piece : longest));
  return { literal, items, stars };
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) as number);
}

/** The bit-parallel automaton of one pattern; bit i of its state says that i items may have been matched. */
class Automaton {
  private readonly length: number;
  private readonly words: number;
  private readonly loops: Uint32Array;
  private readonly wildcards: Uint32Array;
  private readonly masks = new Map<number, Uint32Array>();

  private readonly literal: string;

  constructor(pattern: Pattern) {
    this.literal = pattern.literal;
    this.length = pattern.items.length;
    this.words = (this.length >>> 5) + 1;
    this.loops = new Uint32Array(this.words);
    this.wildcards = new Uint32Array(this.words);
    for (const place of pattern.stars) setBit(this.loops, place);
    pattern.items.forEach((item, place) => item === ANY && setBit(this.wildcards, place));
    pattern.items.forEach((item, place) => item !== ANY && setBit(this.maskOf(item), place));
  }

  matchesWhole(text: string): boolean {
    const lower = text.toLowerCase();
    if (lower.length < this.length || !lower.includes(this.literal)) return false;
    const state = new Uint32Array(this.words);
    state[0] = 1;
    for (const character of lower) {
      if (!this.step(state, character.codePointAt(0) as number)) return false;
    }
    return this.accepts(state);
  }

  matchesWords(text: string): boolean {
    const lower = text.toLowerCase();
    if (lower.length < this.length || !lower.includes(this.literal)) return false;
    const state = new Uint32Array(this.words);
    let afterBoundary = true;
    for (const character of lower) {
      const code = character.codePointAt(0) as number;
      const inWord = isWordCharacter(code);
      if (afterBoundary) state[0] = (state[0] as number) | 1;
      if (!inWord && this.accepts(state)) return true;
      this.step(state, code);
      afterBoundary = !inWord;
    }
    if (afterBoundary) state[0] = (state[0] as number) | 1;
    return this.accepts(state);
  }

  /** Reads one character; false when no way of matching is left. */
  private step(state: Uint32Array, code: number): boolean {
    const mask = this.masks.get(code) ?? this.wildcards;
    let carry = 0;
    let alive = 0;
    for (let word = 0; word < this.words; word++) {
      const before = state[word] as number;
      const moved = before & (mask[word] as number);
      const after = ((moved << 1) | carry | (before & (this.loops[word] as number))) >>> 0;
      carry = moved >>> 31;
      state[word] = after;
      alive |= after;
    }
    return alive !== 0;
  }

  private accepts(state: Uint32Array): boolean {
    return (((state[this.length >>> 5] as number) >>> (this.length & 31)) & 1) === 1;
  }

  private maskOf(code: number): Uint32Array {
    let mask = this.masks.get(code);
    if (mask === undefined) this.masks.set(code, (mask = Uint32Array.from(this.wildcards)));
    return mask;
  }
}

function setBit(bits: Uint32Array, place: number): void {
  bits[place >>> 5] = ((bits[place >>> 5] as number) | (1 << (place & 31))) >>> 0;
}

/** Letters (lower-cased already), digits and the underscore, of ASCII alone. */
function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}
