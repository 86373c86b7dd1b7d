import { canonicalJson } from '#protocol/canonical-json';
import { canonicalJsonAsWritten } from '#protocol/canonical-json-as-written';
import type { JsonValue } from '#kernel/json';

describe('canonical JSON of a text, its numbers as they are written', () => {
  it.each(['1.0', '100.00', '-0.0', '1e3', '1E+25', '5e-324', '12345678901234567890', '9007199254740993'])(
    'keeps %s',
    (number) => {
      expect(canonicalJsonAsWritten(`{ "n" : ${number}, "list":[ ${number} ,${number}] }`)).toBe(
        `{"list":[${number},${number}],"n":${number}}`,
      );
    },
  );

  it.each<JsonValue>([
    {},
    [],
    [[], {}, [[{}]]],
    { b: 1, a: [true, false, null, -7], '': '', c: { z: 1, y: 2 } },
    { 'a "quoted" \\ {key}': 'with [brackets], commas: and\n lines\u0000', é: '\u2028 €', '\ufb01': 1, '😀': 2 },
    { text: '1.0 "2.0" \\"3.0\\"', __proto: 1 },
    'text',
    12,
  ])('is for all else what it is of the value: %j', (value) => {
    const canonical = canonicalJson(value);
    expect(canonicalJsonAsWritten(JSON.stringify(value, undefined, 2))).toBe(canonical);
    expect(canonicalJsonAsWritten(canonical)).toBe(canonical);
  });

  it('knows letters by their escapes, and takes the last of equal keys', () => {
    expect(canonicalJsonAsWritten('{"\\u0061":1,"b":"\\u00e9\\/","a":2,"__proto__":3}')).toBe(
      '{"__proto__":3,"a":2,"b":"é/"}',
    );
  });
});
