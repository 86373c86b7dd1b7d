import * as fc from 'fast-check';
import { canonicalJson } from '#protocol/canonical-json';
import { CLIENT_JSON, parseJsonBody, SERVER_JSON, type JsonRules } from '#rest/runtime/strict-json';

const parse = (text: string, rules: JsonRules = CLIENT_JSON) => parseJsonBody(Buffer.from(text), rules);
const errcodeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { errcode: string }).errcode;
  }
};

describe('a JSON body', () => {
  it('parses to what JSON.parse makes of it, unless it has a number out of range', () => {
    const members = fc.dictionary(
      fc.string({ unit: 'grapheme' }),
      fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }),
    );
    fc.assert(
      fc.property(members, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        let large = false;
        const plain: unknown = JSON.parse(text, (_key, item: unknown) => {
          large ||= typeof item === 'number' && Math.abs(item) > Number.MAX_SAFE_INTEGER;
          return item;
        });
        expect(errcodeOf(() => parse(text))).toEqual(large ? 'M_BAD_JSON' : plain);
      }),
    );
  });

  it.each([
    ['the greatest integer', '{"a":9007199254740991}', { a: 9007199254740991 }],
    ['the least integer', '{"a":-9007199254740991}', { a: -9007199254740991 }],
    ['a number with a fraction', '{"a":0.1234567890123456789}', { a: 0.1234567890123456789 }],
    ['an exponent within range', '{"a":1e3}', { a: 1000 }],
    ['a whole pair of surrogates', '{"a":"\\ud83d\\ude00"}', { a: '😀' }],
    ['the last of two equal keys', '{"a":1,"a":2}', { a: 2 }],
    ['brackets and quotes inside texts', '{"a":"[[[{{{\\"]\\\\"}', { a: '[[[{{{"]\\' }],
    ['100 levels', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, expect.anything() as unknown],
    ['the key constructor', '{"constructor":{"prototype":1}}', { constructor: { prototype: 1 } }],
  ])('may have %s', (_what, text, value) => expect(parse(text)).toEqual(value));

  it.each([
    ['-9007199254740992', CLIENT_JSON],
    ['123456789012345678901234567890', CLIENT_JSON],
    ['1E16', CLIENT_JSON],
    ['-1e400', CLIENT_JSON],
  ])('may not have the number %s', (number, rules) => {
    expect(errcodeOf(() => parse(`{"a":[${number}]}`, rules))).toBe('M_BAD_JSON');
  });

  it.each(['"\\uDC00"', '"\\ud800x"', '"\\udfff\\ud800"', '{"\\ud800":1}'])(
    'may not have the half pair in %s',
    (text) => {
      expect(errcodeOf(() => parse(`{"a":${text}}`, CLIENT_JSON))).toBe('M_BAD_JSON');
      expect(errcodeOf(() => parse(`{"a":${text}}`, SERVER_JSON))).toBe('M_BAD_JSON');
    },
  );

  it.each(['__proto__', '\\u005f_proto__', '_\\u005Fproto__', '__\\u0070roto__', '__pr\\u006fto__'])(
    'may not have the key %s',
    (key) => {
      expect(errcodeOf(() => parse(`{"a":{"${key}":{"admin":true}}}`))).toBe('M_BAD_JSON');
    },
  );

  it('answers a depth bomb without walking it', () => {
    const bomb = `{"a":${'['.repeat(500_000)}`;
    expect(errcodeOf(() => parse(bomb, CLIENT_JSON))).toBe('M_BAD_JSON');
    expect(errcodeOf(() => parse(bomb, SERVER_JSON))).toBe('M_BAD_JSON');
  });

  it.each([
    '{',
    '{"a":"',
    '{"a":"\\',
    '{"a":"\\u',
    '{"a":1',
    '{"a":01}',
    "{'a':1}",
    '{"a":1,}',
    '{} {}',
    '{"a":"\n"}',
    'undefined',
  ])('is not %j', (text) => expect(errcodeOf(() => parse(text))).toBe('M_NOT_JSON'));

  describe('from a server', () => {
    it('keeps what only single events are refused for', () => {
      expect(parse('{"a":12345678901234567890,"b":1.5}', SERVER_JSON)).toEqual({ a: 12345678901234567890, b: 1.5 });
      expect(parse(`{"a":${'['.repeat(900)}${']'.repeat(900)}}`, SERVER_JSON)).toHaveProperty('a');
      for (const text of ['{"a":12345678901234567890}', '{"a":[1.0]}', '{"a":1e3}']) {
        expect(canonicalJson(parse(text, SERVER_JSON), { strict: false })).toBe(text);
      }
    });

    it('keeps __proto__ as a member of its object without any effect on it', () => {
      const { a } = parse('{"a":{"__proto__":{"admin":true}}}', SERVER_JSON) as { a: { admin?: boolean } };
      expect(Object.keys(a)).toEqual(['__proto__']);
      expect(a.admin).toBeUndefined();
      expect(Object.getPrototypeOf(a)).toBe(Object.prototype);
    });
  });
});
