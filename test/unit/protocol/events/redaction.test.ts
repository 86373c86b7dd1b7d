import type { JsonObject } from '#kernel/json';
import { redactContent, redactEvent, type Pdu } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';

/** For each version, what a redaction leaves of a content, in groups of versions that agree. */
function left(type: string, content: JsonObject): Record<string, JsonObject> {
  const groups: Record<string, { ids: string[]; kept: JsonObject }> = {};
  for (const id of knownRoomVersions()) {
    const kept = redactContent(roomVersion(id), type, content);
    (groups[JSON.stringify(kept)] ??= { ids: [], kept }).ids.push(id);
  }
  return Object.fromEntries(Object.values(groups).map(({ ids, kept }) => [`${ids[0]}-${ids.at(-1)}`, kept]));
}

describe('a redaction', () => {
  it('leaves nothing of a message', () => {
    expect(left('m.room.message', { body: 'x', msgtype: 'm.text' })).toEqual({ '1-12': {} });
  });

  it('leaves the membership, later the authorising user, later the signed third-party invite', () => {
    const third_party_invite = { display_name: 'a', signed: { token: 't' } };
    const content = {
      membership: 'join',
      displayname: 'x',
      join_authorised_via_users_server: '@a:b',
      third_party_invite,
    };
    expect(left('m.room.member', content)).toEqual({
      '1-8': { membership: 'join' },
      '9-10': { membership: 'join', join_authorised_via_users_server: '@a:b' },
      '11-12': {
        membership: 'join',
        join_authorised_via_users_server: '@a:b',
        third_party_invite: { signed: { token: 't' } },
      },
    });
    expect(left('m.room.member', { membership: 'invite', third_party_invite: 'odd' })).toEqual({
      '1-12': { membership: 'invite' },
    });
    expect(left('m.room.member', { membership: 'invite', third_party_invite: { x: 1 } })).toEqual({
      '1-10': { membership: 'invite' },
      '11-12': { membership: 'invite', third_party_invite: {} },
    });
  });

  it('leaves the creator, later the whole create event', () => {
    const content = { creator: '@a:b', room_version: '11', 'm.federate': false };
    expect(left('m.room.create', content)).toEqual({ '1-10': { creator: '@a:b' }, '11-12': content });
  });

  it('leaves the join rule, later what it allows', () => {
    expect(left('m.room.join_rules', { join_rule: 'restricted', allow: [], x: 1 })).toEqual({
      '1-7': { join_rule: 'restricted' },
      '8-12': { join_rule: 'restricted', allow: [] },
    });
  });

  it('leaves the power levels, later the one for invites', () => {
    const kept = {
      ban: 1,
      events: {},
      events_default: 2,
      kick: 3,
      redact: 4,
      state_default: 5,
      users: {},
      users_default: 6,
    };
    expect(left('m.room.power_levels', { ...kept, invite: 7, notifications: {} })).toEqual({
      '1-10': kept,
      '11-12': { ...kept, invite: 7 },
    });
  });

  it('leaves aliases up to version 5, history visibility always, and the target of redactions from 11 on', () => {
    expect(left('m.room.aliases', { aliases: ['#a:b'], x: 1 })).toEqual({ '1-5': { aliases: ['#a:b'] }, '6-12': {} });
    expect(left('m.room.history_visibility', { history_visibility: 'joined', x: 1 })).toEqual({
      '1-12': { history_visibility: 'joined' },
    });
    expect(left('m.room.redaction', { redacts: '$x', reason: 'y' })).toEqual({
      '1-10': {},
      '11-12': { redacts: '$x' },
    });
  });

  it.each(knownRoomVersions())('leaves the skeleton of the event, in version %s', (id) => {
    const skeleton = {
      event_id: '$e',
      type: 'm.x',
      room_id: '!r',
      sender: '@a',
      state_key: '',
      content: {},
      hashes: {},
      signatures: {},
      depth: 1,
      prev_events: [],
      auth_events: [],
      origin_server_ts: 1,
    };
    const old = { prev_state: [], origin: 'a', membership: 'join' };
    const event = { ...skeleton, ...old, redacts: '$x', unsigned: { age: 1 }, 'org.x': 1 } as unknown as Pdu;
    expect(redactEvent(roomVersion(id), event)).toEqual(Number(id) <= 10 ? { ...skeleton, ...old } : skeleton);
  });

  it('does not touch the event it was given', () => {
    const event = Object.freeze({ type: 'm.x', content: Object.freeze({ body: 'x' }) }) as unknown as Pdu;
    redactEvent(roomVersion('11'), event);
    expect(event.content).toEqual({ body: 'x' });
  });

  it('keeps nothing that only every object has', () => {
    expect(
      redactContent(
        roomVersion('11'),
        'm.room.member',
        JSON.parse('{"__proto__":{"membership":"join"}}') as JsonObject,
      ),
    ).toEqual({});
  });
});
