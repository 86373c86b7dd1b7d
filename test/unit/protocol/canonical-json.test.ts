import { BadJsonError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import { canonicalJson, compareCodePoints, MAX_JSON_DEPTH } from '#protocol/canonical-json';
import fc from 'fast-check';

const parse = (text: string): JsonValue => JSON.parse(text) as JsonValue;

describe('canonical JSON', () => {
  it.each([
    ['{}', '{}'],
    ['{ "one": 1, "two": "Two" }', '{"one":1,"two":"Two"}'],
    ['{ "b": "2", "a": "1" }', '{"a":"1","b":"2"}'],
    ['{ "a": "日本語" }', '{"a":"日本語"}'],
    ['{ "本": 2, "日": 1 }', '{"日":1,"本":2}'],
    ['{ "a": "\\u65E5" }', '{"a":"日"}'],
    ['{ "a": null }', '{"a":null}'],
    ['{ "a": -0, "b": 1e10 }', '{"a":0,"b":10000000000}'],
    [
      '{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"medium":"email","address":"john.doe@example.org"},{"medium":"msisdn","address":"123456789"}]}}}',
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
    ],
  ])("writes the specification's example %s", (given, expected) => {
    expect(canonicalJson(parse(given))).toBe(expected);
  });

  it('escapes control characters, quotes and backslashes in their shortest form, and nothing else', () => {
    expect(canonicalJson('\b\t\n\f\r"\\/\u0000\u001f\u007f\u2028😀')).toBe(
      '"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\u007f\u2028😀"',
    );
  });

  it('orders keys by code point, where UTF-16 would put an emoji before U+FFFD', () => {
    expect(canonicalJson({ '\ufffd': 1, '😀': 2, a: 3 })).toBe('{"a":3,"\ufffd":1,"😀":2}');
  });

  it('orders keys as their UTF-8 bytes are ordered', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('keeps a key named __proto__ as a key', () => {
    expect(canonicalJson(parse('{"b":1,"__proto__":{"admin":true}}'))).toBe('{"__proto__":{"admin":true},"b":1}');
  });

  it('means the same value when parsed again, and writes that the same', () => {
    const integers = fc.jsonValue({ stringUnit: 'binary' }).map((value) => parse(JSON.stringify(value, intsOnly)));
    fc.assert(
      fc.property(integers, (value) => {
        const text = canonicalJson(value);
        expect(parse(text)).toEqual(value);
        expect(canonicalJson(parse(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['a float', '{"content":{"levels":[1,{"x":1.5}]}}', 'content.levels[1].x'],
    ['2^53', '{"depth":9007199254740992}', 'depth'],
    ['2^63', '{"depth":9223372036854775808}', 'depth'],
    ['half a surrogate pair', '{"content":{"body":"\\ud800"}}', 'content.body'],
    ['infinity', '{"a":1e999}', 'a'],
  ])('refuses %s and names its place', (_what, text, place) => {
    expect(() => canonicalJson(parse(text))).toThrow(BadJsonError);
    expect(() => canonicalJson(parse(text))).toThrow(place);
  });

  it('refuses half a surrogate pair in a key', () => {
    expect(() => canonicalJson(parse('{"\\udc00":1}'))).toThrow(BadJsonError);
  });

  it('refuses values that are no JSON', () => {
    expect(() => canonicalJson({ a: undefined } as unknown as JsonValue)).toThrow(BadJsonError);
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(BadJsonError);
  });

  it('refuses a depth bomb instead of overflowing the stack', () => {
    expect(() => canonicalJson(parse(`${'['.repeat(5000)}${']'.repeat(5000)}`))).toThrow('nested too deep');
    const allowed = `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`;
    expect(canonicalJson(parse(allowed))).toBe(allowed);
  });

  it('lets the old room versions have their floats and long integers', () => {
    expect(canonicalJson({ a: 1.5, b: 2 ** 60 }, { strict: false })).toBe('{"a":1.5,"b":1152921504606846976}');
    expect(canonicalJson([0.0001, 0.00001, -0.0000125, 1.5e-10, 5e-324], { strict: false })).toBe(
      '[0.0001,1e-05,-1.25e-05,1.5e-10,5e-324]',
    );
    expect(() => canonicalJson({ a: Infinity }, { strict: false })).toThrow(BadJsonError);
  });
});

function intsOnly(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : 0;
  return value;
}
