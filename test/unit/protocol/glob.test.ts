import { compileGlob, compileWordGlob, compileWordLiteral } from '#protocol/glob';
import fc from 'fast-check';

/** What the specification says, written down without any thought of speed. */
function slowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const head = pattern[0];
  if (head === '*') return slowly(pattern.slice(1), text) || (text !== '' && slowly(pattern, text.slice(1)));
  return text !== '' && (head === '?' || head === text[0]) && slowly(pattern.slice(1), text.slice(1));
}

function slowlyInWords(pattern: string, text: string): boolean {
  const isWord = (character: string | undefined) => character !== undefined && /[A-Za-z0-9_]/.test(character);
  for (let from = 0; from <= text.length; from++) {
    if (isWord(text[from - 1])) continue;
    for (let to = from; to <= text.length; to++) {
      if (!isWord(text[to]) && slowly(pattern, text.slice(from, to))) return true;
    }
  }
  return false;
}

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '*', '?'), maxLength: 8 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 12 });

describe('a glob', () => {
  it.each([
    ['lunc?*', 'Lunch plans', true],
    ['lunc?*', 'LUNCH', true],
    ['lunc?*', ' lunch', false],
    ['lunc?*', 'lunc', false],
    ['', '', true],
    ['', 'x', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['[a-z]', 'b', false],
    ['?', '😀', true],
    ['ÄRGER', 'ärger', true],
  ])('%j on %j: %s', (glob, value, expected) => {
    expect(compileGlob(glob)(value)).toBe(expected);
  });

  it('means what the plain definition means', () => {
    fc.assert(
      fc.property(pattern, text, (glob, value) => compileGlob(glob)(value) === slowly(glob, value)),
      { numRuns: 3000 },
    );
  });

  it('may be longer than a machine word', () => {
    const long = 'ab?'.repeat(40);
    expect(compileGlob(`${long}*z`)(`${'abc'.repeat(40)}...z`)).toBe(true);
    expect(compileGlob(`${long}*z`)(`${'abc'.repeat(40)}...y`)).toBe(false);
    expect(compileGlob(`*${long}`)(`xx${'abc'.repeat(40)}`)).toBe(true);
    expect(compileGlob('?'.repeat(32))('x'.repeat(32))).toBe(true);
    expect(compileGlob('?'.repeat(64))('x'.repeat(63))).toBe(false);
  });

  it('takes no longer on a text made to make it go back (row 22)', () => {
    // Backtracking would need more steps here than there are atoms; the test ends, or it does not.
    const hostile = '*a'.repeat(5000);
    expect(compileGlob(`${hostile}b`)('a'.repeat(10_000))).toBe(false);
    expect(compileWordGlob(`${hostile}b`)('a '.repeat(5_000))).toBe(false);
  });
});

describe('a glob among words', () => {
  it.each([
    ['ex*ple', 'An example event.', true],
    ['ex*ple', 'exple', true],
    ['ex*ple', 'An exciting triple-whammy', true],
    ['cake', 'cheesecake', false],
    ['cake', 'CAKE!', true],
    ['cake', 'a cake_tin', false],
    ['cake', 'a cake-tin', true],
    ['caf?', 'the café', true],
    ['cafe', 'cafeé', true],
    ['alice', '@alice:example.org', true],
    ['', 'word', false],
  ])('%j in %j: %s', (glob, value, expected) => {
    expect(compileWordGlob(glob)(value)).toBe(expected);
  });

  it('means what the plain definition means', () => {
    fc.assert(
      fc.property(pattern, text, (glob, value) => compileWordGlob(glob)(value) === slowlyInWords(glob, value)),
      {
        numRuns: 3000,
      },
    );
  });

  it('takes stars and question marks of a display name as they are', () => {
    expect(compileWordLiteral('*')('anything')).toBe(false);
    expect(compileWordLiteral('B?b')('hello B?B!')).toBe(true);
    expect(compileWordLiteral('B?b')('hello Bob!')).toBe(false);
  });
});
