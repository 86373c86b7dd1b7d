import type { JsonObject } from '#kernel/json';
import { parsePropertyPath, propertyAt } from '#protocol/property-path';

describe('a property path', () => {
  it.each([
    ['content.body', ['content', 'body']],
    ['content.m\\.relates_to', ['content', 'm.relates_to']],
    ['content.m\\\\foo', ['content', 'm\\foo']],
    ['content.\\x', ['content', '\\x']],
    ['content.a\\', ['content', 'a\\']],
    ['', ['']],
    ['a..b', ['a', '', 'b']],
  ])('%s is split into its names', (path, names) => {
    expect(parsePropertyPath(path)).toEqual(names);
  });

  it('leads to own members of objects only', () => {
    const event = JSON.parse('{"content":{"a":{"b":1},"list":[1],"":{"x":2}}}') as JsonObject;
    expect(propertyAt(event, ['content', 'a', 'b'])).toBe(1);
    expect(propertyAt(event, ['content', '', 'x'])).toBe(2);
    for (const path of [
      ['content', 'list', 'length'],
      ['content', 'list', '0'],
      ['content', 'constructor'],
      ['__proto__'],
      ['x', 'y'],
    ]) {
      expect(propertyAt(event, path)).toBeUndefined();
    }
  });
});
