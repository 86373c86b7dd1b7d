import { InvalidParamError } from '#kernel/errors';
import {
  isCompliantUserId,
  isValidEventId,
  isValidLocalpartForRegistration,
  isValidRoomAlias,
  isValidRoomId,
  isValidServerName,
  isValidUserId,
  parseRoomAlias,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverNameOf,
} from '#kernel/ids';

describe('server names', () => {
  it.each([
    ['matrix.org', { host: 'matrix.org', port: undefined, isIpLiteral: false }],
    ['matrix.org:8888', { host: 'matrix.org', port: 8888, isIpLiteral: false }],
    ['1.2.3.4', { host: '1.2.3.4', port: undefined, isIpLiteral: true }],
    ['1.2.3.4:1234', { host: '1.2.3.4', port: 1234, isIpLiteral: true }],
    ['[1234:5678::abcd]', { host: '[1234:5678::abcd]', port: undefined, isIpLiteral: true }],
    ['[1234:5678::abcd]:5678', { host: '[1234:5678::abcd]', port: 5678, isIpLiteral: true }],
    ['localhost', { host: 'localhost', port: undefined, isIpLiteral: false }],
  ])('%s is taken apart', (name, parsed) => {
    expect(parseServerName(name)).toEqual(parsed);
  });

  it.each([
    '',
    ' matrix.org',
    'matrix.org ',
    'matrix_org',
    'matrix.org:',
    'matrix.org:x',
    'matrix.org:123456',
    'matrix.org:70000',
    '256.1.1.1',
    '[::g]',
    '[1234',
    '::1',
    'a/b',
    'a@b',
    'münchen.de',
    'a\0b',
    'a\n',
    `${'a'.repeat(256)}`,
  ])('%j is refused', (name) => {
    expect(isValidServerName(name)).toBe(false);
    expect(() => parseServerName(name)).toThrow(InvalidParamError);
  });

  it('keeps the letter case, because names that differ in it are different servers', () => {
    expect(parseServerName('Matrix.ORG').host).toBe('Matrix.ORG');
  });
});

describe('user ids', () => {
  it('are split at the first colon, so that the server keeps its port', () => {
    expect(parseUserId('@alice:example.org:8448')).toEqual({ localpart: 'alice', serverName: 'example.org:8448' });
  });

  it.each([
    '@Alice:example.org',
    '@:example.org',
    '@älice:example.org',
    '@a b:example.org',
    '@alice :example.org',
    '@\u0001:x.org',
  ])('of history are accepted from other servers: %j', (id) => expect(isValidUserId(id)).toBe(true));

  it.each([
    'alice:example.org',
    '@alice',
    '@alice:',
    '@alice: example.org',
    '@alice:example.org ',
    '@a\0:example.org',
    '@\ud800:example.org',
    '',
    '@',
    5,
    null,
    undefined,
  ])('malformed are refused: %j', (id) => expect(isValidUserId(id)).toBe(false));

  it('may have 255 bytes and not one more, counted in UTF-8', () => {
    const fits = `@${'é'.repeat(121)}:example.org`;
    expect(Buffer.byteLength(fits)).toBe(255);
    expect(isValidUserId(fits)).toBe(true);
    expect(isValidUserId(`@${'é'.repeat(122)}:example.org`)).toBe(false);
  });

  it('of today have printable characters only', () => {
    expect(isCompliantUserId('@alice:example.org')).toBe(true);
    expect(isCompliantUserId('@Al!ce:example.org')).toBe(true);
    expect(isCompliantUserId('@:example.org')).toBe(false);
    expect(isCompliantUserId('@a b:example.org')).toBe(false);
  });

  it.each(['alice', 'a.b_c=d-e/f+9'])('may be registered with the localpart %s', (localpart) => {
    expect(isValidLocalpartForRegistration(localpart, 'example.org')).toBe(true);
  });

  it.each(['', 'Alice', 'a b', 'alice ', 'a:b', 'ä', 'a\n', 'x'.repeat(250)])(
    'may not be registered with %j',
    (localpart) => {
      expect(isValidLocalpartForRegistration(localpart, 'example.org')).toBe(false);
    },
  );
});

describe('room ids, aliases and event ids', () => {
  it('take rooms with a server and rooms that are a hash', () => {
    expect(parseRoomId('!opaque:example.org')).toEqual({ opaqueId: 'opaque', serverName: 'example.org' });
    const hash = '31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM';
    expect(parseRoomId(`!${hash}`)).toEqual({ opaqueId: hash, serverName: undefined });
  });

  it.each([
    '!',
    '!:example.org',
    '!short',
    '#a:example.org',
    '!a:exa mple',
    `!${'a'.repeat(44)}`,
    `!${'+'.repeat(43)}`,
  ])('refuse %s as a room id', (id) => expect(isValidRoomId(id)).toBe(false));

  it('take aliases of any characters but colon and NUL', () => {
    expect(parseRoomAlias('#дом ☃:example.org').localpart).toBe('дом ☃');
    expect(isValidRoomAlias('#:example.org')).toBe(false);
    expect(isValidRoomAlias('#a\0:example.org')).toBe(false);
    expect(isValidRoomAlias(`#${'a'.repeat(250)}:example.org`)).toBe(false);
  });

  it('take event ids of every room version', () => {
    expect(isValidEventId('$143273582443PhrSn:example.org')).toBe(true);
    expect(isValidEventId('$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk')).toBe(true);
    expect(isValidEventId('$')).toBe(false);
    expect(isValidEventId(`$${'a'.repeat(255)}`)).toBe(false);
    expect(isValidEventId('$a\ud800')).toBe(false);
  });

  it('give the server name after the first colon, or nothing', () => {
    expect(serverNameOf('@a:b.org:80')).toBe('b.org:80');
    expect(serverNameOf('!hash')).toBeUndefined();
  });
});
