import type { JsonObject } from '#kernel/json';
import { ownObject, ownString, ownValue } from '#protocol/json-access';

describe('reading members that strangers wrote', () => {
  const object = JSON.parse(
    '{"text":"x","object":{"a":1},"list":[],"nothing":null,"__proto__":{"inherited":"x"}}',
  ) as JsonObject;

  it('finds what is there', () => {
    expect(ownValue(object, 'nothing')).toBeNull();
    expect(ownString(object, 'text')).toBe('x');
    expect(ownObject(object, 'object')).toEqual({ a: 1 });
    expect(ownObject(object, '__proto__')).toEqual({ inherited: 'x' });
  });

  it('finds nothing of another sort, nothing inherited, and nothing in nothing', () => {
    expect(ownString(object, 'object')).toBeUndefined();
    expect(ownObject(object, 'list')).toBeUndefined();
    expect(ownObject(object, 'nothing')).toBeUndefined();
    for (const key of ['inherited', 'constructor', 'toString']) expect(ownValue(object, key)).toBeUndefined();
    expect(ownValue(undefined, 'text')).toBeUndefined();
  });
});
