import { canonicalString, sortByCodePoint } from './canonical-json';

/** A text, a bracket or the like, or anything else: a number, true, false, null. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/**
 * Canonical JSON of a text that is JSON, each number as it stands there. Of `1.0`, `1e+25` and `12345678901234567890` the
 * parsed value does not tell any more how they were written; servers in Python sign them so, and rooms of versions 1 to 5
 * let them pass. Spec: room version 1, "Canonical JSON".
 */
export function canonicalJsonAsWritten(text: string): string {
  return new Writer(text.matchAll(TOKEN)).value();
}

class Writer {
  constructor(private readonly tokens: Iterator<RegExpExecArray>) {}

  value(token = this.next()): string {
    if (token === '{') return this.object();
    if (token === '[') return this.array();
    return token.startsWith('"') ? canonicalString(JSON.parse(token) as string) : token;
  }

  private object(): string {
    // Of equal keys the last one counts, as for every other reader of the text.
    const members = new Map<string, string>();
    for (let token = this.next(); token !== '}'; token = this.next()) {
      if (token === ',') continue;
      this.next();
      members.set(JSON.parse(token) as string, this.value());
    }
    const written = sortByCodePoint([...members.keys()]).map((key) => `${canonicalString(key)}:${members.get(key)!}`);
    return `{${written.join(',')}}`;
  }

  private array(): string {
    const items: string[] = [];
    for (let token = this.next(); token !== ']'; token = this.next()) if (token !== ',') items.push(this.value(token));
    return `[${items.join(',')}]`;
  }

  private next(): string {
    const result = this.tokens.next() as IteratorResult<RegExpExecArray, undefined>;
    if (result.value === undefined) throw new SyntaxError('The text is not JSON');
    return result.value[0];
  }
}
