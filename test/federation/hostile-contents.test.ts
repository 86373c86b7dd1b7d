import type { JsonObject, JsonValue } from '#kernel/json';
import type { TestUser } from '../support/server';
import { startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { makeRoom, say, syncOf } from './people';

const LONG = 'x'.repeat(20_000);
/** What nothing that reads a text, a number or a list is ready for. */
const ODD: readonly JsonValue[] = [LONG, '', '\u0000', 'é💩', 7, -1, true, null, [], {}, [[LONG]], { a: { b: LONG } }];

/** Events that are allowed, and whose content is of other kinds and sizes than anything that reads it expects. */
describe('a hostile server fills rooms with odd contents', () => {
  let scene: HostileScene;
  let room: JoinedRoom;
  let reader: TestUser;
  let newest: string;
  beforeAll(async () => {
    scene = await startHostileScene();
    const roomId = await makeRoom(scene.alice, {
      preset: 'public_chat',
      visibility: 'public',
      room_version: '11',
      power_level_content_override: { users: { [scene.alice.userId]: 100, [scene.hostile.userId]: 100 } },
    });
    room = await scene.hostile.join(roomId);
    newest = room.join.eventId;
    reader = await scene.victim.registerUser('reader');
    await reader.api.post(`/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});
  });
  afterAll(() => scene.stop());

  /** Everything that reads the room goes on, for its members and for servers. */
  const isReadAsEver = async () => {
    const word = await say(scene.alice, room.roomId, 'goes on');
    const sync = await syncOf(scene.alice);
    expect(Object.keys(sync.join ?? {})).toContain(room.roomId);
    const v3 = `/_matrix/client/v3/rooms/${encodeURIComponent(room.roomId)}`;
    for (const uri of [
      '/_matrix/client/v3/sync?timeout=0',
      '/_matrix/client/v3/publicRooms',
      `${v3}/messages?dir=b&limit=100`,
      `${v3}/state`,
      `${v3}/members`,
      `${v3}/joined_members`,
      `${v3}/context/${encodeURIComponent(word)}`,
    ]) {
      const { status } = await reader.api.get(uri);
      expect({ uri, status }).toEqual({ uri, status: 200 });
    }
    const read = await scene.hostile.get(`${path('v1/state', room.roomId)}?event_id=${encodeURIComponent(word)}`);
    expect(read.status).toBe(200);
    expect((await scene.hostile.get('/_matrix/federation/v1/publicRooms')).status).toBe(200);
  };
  /** Sends events with these contents, each after the newest; none may fail for a fault of the server. */
  const sendAll = async (type: string, contents: readonly JsonObject[], stateKey?: string) => {
    let taken = 0;
    for (const content of contents) {
      const auth = await Promise.all(
        [
          ['m.room.create'],
          ['m.room.power_levels'],
          ['m.room.member', scene.hostile.userId],
          ...(type === 'm.room.member' ? [['m.room.join_rules']] : []),
        ].map(([authType, key]) => scene.stateId(room.roomId, authType!, key)),
      );
      const { pdu, eventId } = scene.hostile.event(room, {
        type,
        content,
        prevEvents: [newest],
        authEvents: auth,
        ...(stateKey !== undefined && { stateKey }),
      });
      const { status, body } = await scene.hostile.transact([pdu]);
      expect({ status, type, content: JSON.stringify(content).slice(0, 80) }).toMatchObject({ status: 200 });
      // What the rules forbid is not followed.
      if (JSON.stringify((body['pdus'] as JsonObject)[eventId]) !== '{}') continue;
      newest = eventId;
      taken++;
    }
    expect(taken).toBeGreaterThan(0);
  };
  const each = (make: (odd: JsonValue) => JsonObject) => ODD.map(make);

  it.each<[string, string]>([
    ['m.room.name', 'name'],
    ['m.room.topic', 'topic'],
    ['m.room.avatar', 'url'],
    ['m.room.canonical_alias', 'alias'],
    ['m.room.canonical_alias', 'alt_aliases'],
    ['m.room.guest_access', 'guest_access'],
    ['m.room.history_visibility', 'history_visibility'],
    ['m.room.join_rules', 'allow'],
    ['m.room.join_rules', 'join_rule'],
    ['m.room.pinned_events', 'pinned'],
    ['m.room.tombstone', 'replacement_room'],
    ['m.room.encryption', 'algorithm'],
    ['m.room.server_acl', 'allow_ip_literals'],
  ])('row 41: of %s, in %s', async (type, key) => {
    await sendAll(
      type,
      each((odd) => ({ ...(type === 'm.room.server_acl' && { allow: ['*'] }), [key]: odd })),
      '',
    );
    if (type === 'm.room.history_visibility') await sendAll(type, [{ history_visibility: 'shared' }], '');
    if (type === 'm.room.join_rules') await sendAll(type, [{ join_rule: 'public' }], '');
    await isReadAsEver();
  });

  it.each<[string, (odd: JsonValue) => JsonObject]>([
    ['relations', (odd) => ({ 'm.relates_to': odd })],
    ['types of relations', (odd) => ({ 'm.relates_to': { rel_type: odd, event_id: room.join.eventId } })],
    ['targets of relations', (odd) => ({ 'm.relates_to': { rel_type: 'm.thread', event_id: odd } })],
    ['what is answered', (odd) => ({ 'm.relates_to': { 'm.in_reply_to': { event_id: odd } } })],
    ['annotations', (odd) => ({ 'm.relates_to': { rel_type: 'm.annotation', event_id: room.join.eventId, key: odd } })],
    [
      'edits',
      (odd) => ({ 'm.relates_to': { rel_type: 'm.replace', event_id: room.join.eventId }, 'm.new_content': odd }),
    ],
    ['kinds of messages', (odd) => ({ msgtype: odd, body: odd })],
    ['mentions', (odd) => ({ body: 'x', 'm.mentions': { user_ids: odd, room: odd } })],
  ])('row 41: of messages, in %s', async (_, make) => {
    for (const type of ['m.room.message', 'm.reaction']) await sendAll(type, each(make));
    await isReadAsEver();
  });

  it.each(['displayname', 'avatar_url', 'reason', 'is_direct', 'third_party_invite'])(
    'row 41: of memberships, in %s',
    async (key) => {
      await sendAll(
        'm.room.member',
        each((odd) => ({ membership: 'join', [key]: odd })),
        scene.hostile.userId,
      );
      await sendAll('m.room.member', [{ membership: 'join' }], scene.hostile.userId);
      await isReadAsEver();
    },
  );

  it('row 41: of power levels, in every place', async () => {
    const users = { [scene.alice.userId]: 100, [scene.hostile.userId]: 100 };
    const places = ['ban', 'events', 'events_default', 'invite', 'notifications', 'state_default', 'users_default'];
    for (const key of places) {
      await sendAll(
        'm.room.power_levels',
        each((odd) => ({ users, [key]: odd })),
        '',
      );
    }
    await sendAll('m.room.power_levels', [{ users }], '');
    await isReadAsEver();
  });

  it('row 41: of types and keys that are long, odd or those of every object', async () => {
    for (const name of ['__proto__', 'constructor', '', ' ', 'é'.repeat(127), 'x'.repeat(255), '💩'.repeat(63)]) {
      await sendAll(name, [{ body: 'odd type' }]);
      await sendAll('org.example.key', [{ body: 'odd key' }], name);
      await sendAll(name, [{ body: 'odd both' }], name);
    }
    await isReadAsEver();
  });
});
