import { parseQuery } from '#rest/runtime/query-string';

const parse = (raw: string, arrays: readonly string[] = []) => ({ ...parseQuery(raw, arrays) });

describe('a query', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2', { a: '1' }],
    ['a=%2B+%20', { a: '+  ' }],
    ['a', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['&&a=1&', { a: '1' }],
    ['%61=%C3%BC', { a: 'ü' }],
    ['filter=%7B%22a%22:1%7D', { filter: '{"a":1}' }],
    ['user_id=@a:b', { user_id: '@a:b' }],
  ])('%s has its values', (raw, expected) => expect(parse(raw)).toEqual(expected));

  it('makes lists only of what is a list', () => {
    expect(parse('v=1&v=2&w=1', ['v', 'w', 'x'])).toEqual({ v: ['1', '2'], w: ['1'] });
  });

  it('takes the old name of via where there is a via', () => {
    expect(parse('server_name=a&server_name=b', ['via'])['via']).toEqual(['a', 'b']);
    expect(parse('server_name=a&via=b', ['via'])['via']).toEqual(['b']);
    expect(parse('server_name=a')).toEqual({ server_name: 'a' });
  });

  it('has no inherited members', () => {
    const query = parseQuery('__proto__=1', []);
    expect([Object.keys(query), query['toString']]).toEqual([['__proto__'], undefined]);
  });

  it.each(['a=%', 'a=%C3', '%ff=1', 'a=%00', '%00=a', Array.from({ length: 201 }, (_, n) => `a${n}=1`).join('&')])(
    'refuses %s',
    (raw) => {
      expect(() => parse(raw)).toThrow(expect.objectContaining({ errcode: 'M_INVALID_PARAM' }) as Error);
    },
  );
});
