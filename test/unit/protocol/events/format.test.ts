import { BadJsonError } from '#kernel/errors';
import type { JsonObject, JsonValue } from '#kernel/json';
import { checkEventFormat, inspectEvent, isEventIdOf, MAX_AUTH_EVENTS, MAX_PREV_EVENTS } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';

const HASH = 'acR1l0raoZnm60CBwAVgqbZqoOAmYU81xysh1u7XcJk';

function reference(id: string): JsonValue {
  return Number(id) <= 2 ? ['$x:a.org', { sha256: 'h' }] : `$${HASH}`;
}

function valid(id: string): JsonObject {
  return {
    ...(Number(id) <= 2 ? { event_id: '$e:a.org' } : {}),
    room_id: id === '12' ? `!${HASH}` : '!r:a.org',
    type: 'm.room.message',
    sender: '@a:a.org',
    content: {},
    origin_server_ts: 1,
    depth: 1,
    prev_events: [reference(id)],
    auth_events: [reference(id)],
    hashes: { sha256: 'x' },
    signatures: { 'a.org': { 'ed25519:1': 'sig' } },
  };
}

describe.each(knownRoomVersions())('the format of events of version %s', (id) => {
  const version = roomVersion(id);
  const check = (changes: JsonObject) => () => checkEventFormat(version, { ...valid(id), ...changes });

  it('takes a well-formed event, with members nobody knows', () => {
    expect(check({})).not.toThrow();
    expect(check({ state_key: '', unsigned: {}, 'org.x': [1] })).not.toThrow();
    expect(check({ sender: '@Old Ünion:a.org', state_key: '@x:b.org' })).not.toThrow();
  });

  it.each<[string, JsonObject]>([
    ['type', { type: 5 }],
    ['type', { type: 'é'.repeat(128) }],
    ['state_key', { state_key: null }],
    ['state_key', { state_key: 'x'.repeat(256) }],
    ['sender', { sender: 'alice' }],
    ['sender', { sender: `@${'a'.repeat(250)}:a.org` }],
    ['sender', { sender: '@a\u0000:a.org' }],
    ['content', { content: [] }],
    ['content', { content: 'x' }],
    ['unsigned', { unsigned: 5 }],
    ['origin_server_ts', { origin_server_ts: '1' }],
    ['origin_server_ts', { origin_server_ts: 1.5 }],
    ['origin_server_ts', { origin_server_ts: 2 ** 63 }],
    ['depth', { depth: -1 }],
    ['depth', { depth: 2 ** 53 }],
    ['depth', { depth: 2 ** 63 - 1 }],
    ['depth', { depth: '1' }],
    ['room_id', { room_id: 'r' }],
    ['room_id', { room_id: `!${'a'.repeat(255)}:a.org` }],
    ['prev_events', { prev_events: {} }],
    ['prev_events', { prev_events: [5] }],
    ['prev_events', { prev_events: ['not an id'] }],
    ['auth_events', { auth_events: [null] }],
    ['auth_events', { auth_events: 'x' }],
    ['hashes', { hashes: [] }],
    ['hashes', { hashes: { sha256: 5 } }],
    ['hashes', { hashes: { md5: 'x' } }],
    ['signatures', { signatures: [] }],
    ['signatures', { signatures: { 'a.org': 'x' } }],
    ['signatures', { signatures: { 'a.org': { 'ed25519:1': 5 } } }],
  ])('names %s when it is %j', (member, changes) => {
    expect(check(changes)).toThrow(BadJsonError);
    expect(check(changes)).toThrow(member);
  });

  it.each(Object.keys(valid(id)))('misses %s', (member) => {
    const { [member]: _left, ...rest } = valid(id);
    expect(() => checkEventFormat(version, rest)).toThrow(member);
  });

  it('limits the number of references', () => {
    const many = (count: number) => Array(count).fill(reference(id)) as JsonValue[];
    expect(check({ prev_events: many(MAX_PREV_EVENTS), auth_events: many(MAX_AUTH_EVENTS) })).not.toThrow();
    expect(check({ prev_events: many(MAX_PREV_EVENTS + 1) })).toThrow('more than 20');
    expect(check({ auth_events: many(MAX_AUTH_EVENTS + 1) })).toThrow('more than 10');
    const more = { ...valid(id), prev_events: many(MAX_PREV_EVENTS + 1), auth_events: many(MAX_AUTH_EVENTS + 1) };
    expect(() => checkEventFormat(version, more, { unlimited: true })).not.toThrow();
  });

  it('has references in its own way only', () => {
    expect(check({ prev_events: [Number(id) <= 2 ? `$${HASH}` : ['$x:a.org', { sha256: 'h' }]] })).toThrow(
      'prev_events',
    );
  });

  it('has event ids in its own way only', () => {
    if (Number(id) <= 2) expect(check({ event_id: `$${HASH}` })).toThrow('event_id');
    else expect(check({ event_id: '$e:a.org' })).toThrow('event_id');
  });

  it.each<JsonValue>([null, [], 'x', 5, true])('is no %j', (value) => {
    expect(() => checkEventFormat(version, value)).toThrow(BadJsonError);
  });

  it('refuses a depth bomb and half surrogate pairs before anything else is done with them (row 3, row 41)', () => {
    const bomb = JSON.parse(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`) as JsonObject;
    expect(() => inspectEvent(version, { ...valid(id), content: bomb })).toThrow(BadJsonError);
    expect(() => inspectEvent(version, { ...valid(id), content: { body: '\ud800' } })).toThrow('content.body');
  });
});

describe('room ids in events', () => {
  const create = (id: string, changes: JsonObject): JsonObject => ({
    ...valid(id),
    type: 'm.room.create',
    state_key: '',
    prev_events: [],
    auth_events: [],
    ...changes,
  });

  it('have no server in version 12, and the create event has none at all', () => {
    const version = roomVersion('12');
    expect(() => checkEventFormat(version, { ...valid('12'), room_id: '!r:a.org' })).toThrow('room_id');
    expect(() => checkEventFormat(version, create('12', {}))).toThrow('room_id');
    const { room_id: _none, ...rest } = create('12', {});
    expect(() => checkEventFormat(version, rest)).not.toThrow();
    expect(() => checkEventFormat(version, { ...rest, state_key: 'x' })).toThrow('room_id');
  });
});

describe('event ids', () => {
  it('belong to their versions', () => {
    const of = (eventId: string) =>
      knownRoomVersions()
        .filter((id) => isEventIdOf(roomVersion(id), eventId))
        .join(' ');
    expect(of('$x:a.org')).toBe('1 2');
    expect(of('$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJ+')).toBe('1 2 3');
    expect(of('$acR1l0raoZnm60CBwAVgqbZqoO_mYU81xysh1u7XcJ-')).toBe('1 2 4 5 6 7 8 9 10 11 12');
    expect(of(`${HASH}$`)).toBe('');
  });
});
