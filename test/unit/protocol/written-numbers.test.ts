import { BadJsonError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { canonicalJson } from '#protocol/canonical-json';
import { redactContent } from '#protocol/events/redaction';
import { roomVersion } from '#protocol/room-versions';
import { parseCanonicalJson } from '#protocol/written-numbers';

const again = (text: string) => canonicalJson(parseCanonicalJson(text), { strict: false });

describe('numbers of a text', () => {
  it.each(['1.0', '100.00', '-0.0', '1e3', '1e+25', '12345678901234567890', '9007199254740993'])(
    'stay %s as they are written, in objects and lists',
    (number) => {
      const text = `{"list":[${number},1,[${number}]],"n":${number},"o":{"":${number}}}`;
      expect(again(text)).toBe(text);
      expect(parseCanonicalJson(`{"n":${number}}`)).toEqual({ n: Number(number) });
      expect(() => canonicalJson(parseCanonicalJson(text))).toThrow(BadJsonError);
    },
  );

  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['-7', '-7'],
    ['9007199254740991', '9007199254740991'],
    ['1.50', '1.5'],
    ['0.00001', '1e-05'],
  ])('tell by their value how %s is written', (number, canonical) => {
    expect(again(`{"big":1.0,"n":${number}}`)).toBe(`{"big":1.0,"n":${canonical}}`);
  });

  it('are found whatever stands between', () => {
    const text = '{ "b\\"{[1.0," : "\\\\" , "\\u0061" : [ ] , "c" : { } , "d" : [ { "e" : 2.0 } , null, true ] }';
    expect(again(text)).toBe('{"a":[],"b\\"{[1.0,":"\\\\","c":{},"d":[{"e":2.0},null,true]}');
  });

  it('are those that the last of equal keys says', () => {
    expect(again('{"a":1.0,"a":1}')).toBe('{"a":1}');
    expect(again('{"a":1,"a":1.0}')).toBe('{"a":1.0}');
    expect(again('{"a":{"b":1.0},"a":{"b":1}}')).toBe('{"a":{"b":1}}');
    expect(again('{"a":{"b":1.0},"a":1}')).toBe('{"a":1}');
    expect(again('{"a":[1.0,2.0],"a":["1"]}')).toBe('{"a":["1"]}');
  });

  it('are members of their object alone', () => {
    expect(again('{"__proto__":{"n":1.0},"toString":1.0}')).toBe('{"__proto__":{"n":1.0},"toString":1.0}');
    expect(canonicalJson({ n: 1 }, { strict: false })).toBe('{"n":1}');
  });

  it('stay when an event is redacted', () => {
    const content = parseCanonicalJson('{"ban":50.0,"other":1.0,"users":{"@a:a.org":100.0}}') as JsonObject;
    const redacted = redactContent(roomVersion('5'), 'm.room.power_levels', content);
    expect(canonicalJson(redacted, { strict: false })).toBe('{"ban":50.0,"users":{"@a:a.org":100.0}}');
  });
});
