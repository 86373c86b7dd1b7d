import type { JsonObject } from '#kernel/json';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { at, makeRoom } from './people';

const MEMBER = 'm.room.member';

/** A server that a room shuts out, at each operation that is about a room, whichever way its name is written in the list. */
describe.each(['localhost', 'LOCALHOST', 'l?cal*', '*'])('a hostile server that %s shuts out', (pattern) => {
  let scene: HostileScene;
  let room: JoinedRoom;
  let word: string;
  let other: string;
  beforeAll(async () => {
    scene = await startHostileScene();
    room = await scene.anotherRoom({ preset: 'public_chat' });
    other = `@other:${scene.hostile.serverName}`;
    const said = await scene.alice.api('PUT', at(room.roomId, 'send/m.room.message/1'), {
      msgtype: 'm.text',
      body: 'in',
    });
    word = said.body['event_id'] as string;
    const acl: JsonObject = pattern === '*' ? { allow: ['victim.example'] } : { allow: ['*'], deny: [pattern] };
    expect((await scene.alice.api('PUT', at(room.roomId, 'state/m.room.server_acl/'), acl)).status).toBe(200);
  });
  afterAll(() => scene.stop());

  const member = (membership: string, userId = scene.hostile.userId, sender = userId) =>
    scene.hostile.event(room, { type: MEMBER, sender, stateKey: userId, content: { membership } });
  const inRoom = async () => {
    const { body } = await scene.alice.api('GET', at(room.roomId, 'members'));
    return (body['chunk'] as JsonObject[]).map((event) => [
      event['state_key'],
      (event['content'] as JsonObject)['membership'],
    ]);
  };

  it.each<[string, () => Promise<unknown>]>([
    ['state', () => scene.hostile.get(`${path('v1/state', room.roomId)}?event_id=${encodeURIComponent(word)}`)],
    ['state_ids', () => scene.hostile.get(`${path('v1/state_ids', room.roomId)}?event_id=${encodeURIComponent(word)}`)],
    ['event_auth', () => scene.hostile.get(path('v1/event_auth', room.roomId, word))],
    ['backfill', () => scene.hostile.get(`${path('v1/backfill', room.roomId)}?v=${encodeURIComponent(word)}&limit=5`)],
    [
      'get_missing_events',
      () =>
        scene.hostile.request('POST', path('v1/get_missing_events', room.roomId), {
          body: { earliest_events: [], latest_events: [word] },
        }),
    ],
    ['timestamp_to_event', () => scene.hostile.get(`${path('v1/timestamp_to_event', room.roomId)}?ts=0&dir=f`)],
    ['make_join', () => scene.hostile.get(`${path('v1/make_join', room.roomId, other)}?ver=11`)],
    ['make_leave', () => scene.hostile.get(path('v1/make_leave', room.roomId, scene.hostile.userId))],
    ['make_knock', () => scene.hostile.get(`${path('v1/make_knock', room.roomId, other)}?ver=11`)],
    ...['v2/send_join', 'v2/send_leave', 'v1/send_knock'].map((put): [string, () => Promise<unknown>] => [
      put,
      () => {
        const { pdu, eventId } = member(put.split('_')[1]!, put.includes('leave') ? scene.hostile.userId : other);
        return scene.offer(put, room.roomId, eventId, pdu);
      },
    ]),
    [
      'invite',
      () => {
        const { pdu, eventId } = member('invite', scene.alice.userId, scene.hostile.userId);
        const body = { room_version: '11', event: pdu, invite_room_state: [] };
        return scene.offer('v2/invite', room.roomId, eventId, body);
      },
    ],
    [
      'exchange_third_party_invite',
      () =>
        scene.hostile.put(path('v1/exchange_third_party_invite', room.roomId), {
          type: MEMBER,
          room_id: room.roomId,
          sender: scene.alice.userId,
          state_key: other,
          content: {
            membership: 'invite',
            third_party_invite: { display_name: 'x', signed: { mxid: other, token: 't', signatures: {} } },
          },
        }),
    ],
  ])('row 6: by %s', async (_, ask) => {
    const before = await inRoom();
    expect(await ask()).toEqual(refused(403, 'M_FORBIDDEN'));
    expect(await inRoom()).toEqual(before);
  });

  it('row 6, row 28: by event, which finds nothing of the room', async () => {
    expect(await scene.hostile.get(path('v1/event', word))).toEqual(refused(404, 'M_NOT_FOUND'));
  });

  it('row 6: by send, for events of its own and those that it brings for others', async () => {
    const own = scene.hostile.event(room, { content: { msgtype: 'm.text', body: 'shut out' } });
    const answer = await scene.hostile.send(own.pdu);
    expect(answer).toEqual({ [own.eventId]: { error: expect.any(String) as string } });
    const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toContain('shut out');
  });

  it('row 6: from one room, and not from another', async () => {
    const open = await makeRoom(scene.alice, { preset: 'public_chat', room_version: '11' });
    expect((await scene.hostile.join(open)).roomId).toBe(open);
  });
});
