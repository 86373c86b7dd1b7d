import { RouteTrie } from '#rest/runtime/route-trie';

const trie = new RouteTrie<string>();
trie.add('GET', '/rooms/{roomId}/state/{eventType}/{stateKey}', 'state');
trie.add('GET', '/rooms/{roomId}/state', 'all state');
trie.add('PUT', '/profile/{userId}/{keyName}', 'any field');
trie.add('GET', '/profile/{userId}/displayname', 'name');
trie.add('GET', '/pushrules/', 'rules');
trie.add('GET', '/v1/{name}/end', 'short way');
trie.add('GET', '/v1/fixed/{rest}', 'long way');

describe('the route trie', () => {
  it.each([
    ['/rooms/!a/state', 'all state', {}],
    ['/rooms/!a/state/', 'all state', {}],
    ['/rooms/%21a/state/t%2Fu/k', 'state', { eventType: 't%2Fu', stateKey: 'k' }],
    ['/pushrules', 'rules', {}],
    ['/pushrules/', 'rules', {}],
    ['/v1/fixed/end', 'long way', { rest: 'end' }],
    ['/v1/other/end', 'short way', { name: 'other' }],
    ['/v1/%66ixed/end', 'short way', { name: '%66ixed' }],
  ])('finds %s', (path, route, parameters) => {
    expect(trie.match('GET', path)).toMatchObject({ kind: 'found', route, path: parameters });
  });

  it.each([
    '',
    '/',
    '//',
    '/rooms//state',
    '/rooms/!a/state//',
    '/rooms/!a',
    '//rooms/!a/state',
    '/pushrules//',
    '/x/y',
  ])('does not know "%s"', (path) => expect(trie.match('GET', path)).toEqual({ kind: 'unknown' }));

  it('prefers a route that has the method to a closer one that has not', () => {
    expect(trie.match('PUT', '/profile/@a/displayname')).toMatchObject({
      route: 'any field',
      path: { keyName: 'displayname' },
    });
  });

  it('collects the methods of all routes that fit the path', () => {
    expect(trie.match('DELETE', '/profile/@a/displayname')).toEqual({ kind: 'wrongMethod', allow: ['GET', 'PUT'] });
  });

  it('gives up on paths deeper than any template', () => {
    expect(trie.match('GET', `/rooms${'/a'.repeat(10_000)}`)).toEqual({ kind: 'unknown' });
  });

  it('takes names of object members as text', () => {
    expect(trie.match('GET', '/__proto__/constructor')).toEqual({ kind: 'unknown' });
    expect(trie.match('constructor', '/pushrules')).toEqual({ kind: 'wrongMethod', allow: ['GET'] });
  });

  it('adds the parameters that a template spells out', () => {
    const other = new RouteTrie<string>();
    other.add('GET', '/state/{eventType}', 'state', { stateKey: '' });
    expect(other.match('GET', '/state/t')).toMatchObject({ path: { eventType: 't', stateKey: '' } });
  });
});
