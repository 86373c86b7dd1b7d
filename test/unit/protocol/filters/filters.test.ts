import { BadJsonError } from '#kernel/errors';
import type { JsonObject, JsonValue } from '#kernel/json';
import {
  clampLimit,
  compileEventFields,
  compileFilter,
  MAX_FILTER_ENTRIES,
  parseRoomEventFilter,
  parseSyncFilter,
  type RoomEventFilter,
} from '#protocol/filters/index';
import fc from 'fast-check';

const FULL = {
  event_fields: ['content.body'],
  event_format: 'federation',
  presence: { types: ['m.presence'], not_senders: ['@x:a.org'], limit: 5 },
  account_data: { not_types: ['*'] },
  room: {
    rooms: ['!a:a.org'],
    not_rooms: ['!b:a.org'],
    include_leave: true,
    state: { lazy_load_members: true, include_redundant_members: true, types: ['m.room.*'] },
    timeline: {
      limit: 20,
      contains_url: false,
      unread_thread_notifications: true,
      senders: ['@a:a.org'],
      rooms: ['!a:a.org'],
    },
    ephemeral: { not_rooms: [] },
    account_data: {},
  },
};

describe('reading a filter', () => {
  it('keeps all that it knows', () => {
    expect(parseSyncFilter(FULL as JsonValue)).toEqual(FULL);
    expect(parseSyncFilter({})).toEqual({});
  });

  it('forgets what it does not know', () => {
    expect(parseSyncFilter({ 'org.x': 1, room: { 'org.y': 2, timeline: { 'org.z': 3 } } })).toEqual({
      room: { timeline: {} },
    });
  });

  it.each<[string, JsonValue]>([
    ['filter', []],
    ['filter', null],
    ['event_fields', { event_fields: 'x' }],
    ['event_fields[1]', { event_fields: ['a', 5] }],
    ['event_format', { event_format: 'odd' }],
    ['presence', { presence: [] }],
    ['presence.limit', { presence: { limit: '5' } }],
    ['presence.limit', { presence: { limit: -1 } }],
    ['presence.limit', { presence: { limit: 1.5 } }],
    ['presence.senders[0]', { presence: { senders: ['alice'] } }],
    ['account_data.types', { account_data: { types: {} } }],
    ['room', { room: 'x' }],
    ['room.rooms[0]', { room: { rooms: ['#alias:a.org'] } }],
    ['room.include_leave', { room: { include_leave: 'true' } }],
    ['room.timeline', { room: { timeline: null } }],
    ['room.timeline.contains_url', { room: { timeline: { contains_url: 1 } } }],
    ['room.state.lazy_load_members', { room: { state: { lazy_load_members: 'yes' } } }],
    ['room.state.not_rooms[0]', { room: { state: { not_rooms: [null] } } }],
    ['room.timeline.types', { room: { timeline: { types: Array(MAX_FILTER_ENTRIES + 1).fill('m.x') } } }],
  ])('names %s when it is malformed', (place, filter) => {
    expect(() => parseSyncFilter(filter)).toThrow(BadJsonError);
    expect(() => parseSyncFilter(filter)).toThrow(place);
  });

  it('takes nothing from what every object inherits', () => {
    expect(parseRoomEventFilter(JSON.parse('{"__proto__":{"types":[]}}') as JsonValue)).toEqual({});
  });
});

describe('a filter lets events through', () => {
  const event = (type = 'm.room.message', sender: string | undefined = '@a:a.org', content: JsonObject = {}) => ({
    type,
    sender,
    content,
  });
  const passes = (filter: RoomEventFilter, subject = event()) => compileFilter(filter).matches(subject);

  it('all of them when it says nothing', () => {
    expect(compileFilter().passesAll).toBe(true);
    expect(passes({})).toBe(true);
    expect(compileFilter({}).allowsRoom('!a:a.org')).toBe(true);
  });

  it('of listed types and senders, and none of an empty list', () => {
    expect(passes({ types: ['m.room.message'] })).toBe(true);
    expect(passes({ types: ['m.room.topic'] })).toBe(false);
    expect(passes({ senders: ['@a:a.org'] })).toBe(true);
    expect(passes({ senders: ['@b:a.org'] })).toBe(false);
    expect(passes({ types: [] })).toBe(false);
    expect(passes({ senders: [] })).toBe(false);
    expect(compileFilter({ rooms: [] }).allowsRoom('!a:a.org')).toBe(false);
  });

  it('but never of excluded ones, listed or not', () => {
    expect(passes({ types: ['m.room.message'], not_types: ['m.room.*'] })).toBe(false);
    expect(passes({ senders: ['@a:a.org'], not_senders: ['@a:a.org'] })).toBe(false);
    expect(compileFilter({ rooms: ['!a:a.org'], not_rooms: ['!a:a.org'] }).allowsRoom('!a:a.org')).toBe(false);
  });

  it('by types with stars, letter case counting', () => {
    expect(passes({ types: ['m.*.message'] })).toBe(true);
    expect(passes({ types: ['*'] })).toBe(true);
    expect(passes({ types: ['M.room.*'] })).toBe(false);
    expect(passes({ types: ['m.room.messag?'] })).toBe(false);
    expect(passes({ types: ['m.room.message*message'] })).toBe(false);
  });

  it('by types as the plain definition of the star has it', () => {
    const unit = fc.constantFrom('a', 'b', '*');
    fc.assert(
      fc.property(
        fc.string({ unit, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 }),
        (pattern, type) => {
          const expected = new RegExp(`^${pattern.replace(/\*+/g, '.*')}$`).test(type);
          expect(passes({ types: [pattern] }, event(type))).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('by a url in their content', () => {
    const withUrl = event('m.room.message', '@a:a.org', { url: 'mxc://a/b' });
    expect([passes({ contains_url: true }, withUrl), passes({ contains_url: true })]).toEqual([true, false]);
    expect([passes({ contains_url: false }, withUrl), passes({ contains_url: false })]).toEqual([false, true]);
    expect(compileFilter({ contains_url: true }).passesAll).toBe(false);
  });

  it('that have no sender whatever senders are listed', () => {
    expect(compileFilter({ senders: ['@a:a.org'] }).matches({ type: 'm.typing', content: {} })).toBe(true);
  });
});

describe('limits', () => {
  it('are clamped', () => {
    expect([
      clampLimit(undefined, 10, 100),
      clampLimit(5, 10, 100),
      clampLimit(1e9, 10, 100),
      clampLimit(0, 10, 100),
    ]).toEqual([10, 5, 100, 1]);
  });
});

describe('event fields', () => {
  const event = {
    type: 'm.room.message',
    sender: '@a:a.org',
    event_id: '$e',
    origin_server_ts: 5,
    content: { body: 'x', 'm.relates_to': { rel_type: 't', event_id: '$f' }, list: [{ a: 1 }] },
  };

  it('keep an event whole when there are none', () => {
    expect(compileEventFields(undefined)(event)).toBe(event);
  });

  it('keep the listed ones and what names the event', () => {
    const named = { type: 'm.room.message', sender: '@a:a.org', event_id: '$e' };
    expect(compileEventFields([])(event)).toEqual(named);
    expect(compileEventFields(['content.body'])(event)).toEqual({ ...named, content: { body: 'x' } });
    expect(compileEventFields(['content.m\\.relates_to.rel_type'])(event)).toEqual({
      ...named,
      content: { 'm.relates_to': { rel_type: 't' } },
    });
    expect(compileEventFields(['content.body', 'content'])(event)).toEqual({ ...named, content: event.content });
    expect(compileEventFields(['content', 'content.body'])(event)).toEqual({ ...named, content: event.content });
    expect(compileEventFields(['content.body.x', 'content.list.0', 'nothing', 'constructor'])(event)).toEqual({
      ...named,
      content: {},
    });
  });

  it('do not let a path reach what every object inherits', () => {
    const projected = compileEventFields(['__proto__.polluted', 'content.__proto__'])(event);
    expect(projected).toEqual({ type: 'm.room.message', sender: '@a:a.org', event_id: '$e', content: {} });
  });
});
