import type { JsonObject } from '#kernel/json';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path, type JoinedRoom } from './hostile-server';
import { at, makeRoom, say, stateOf } from './people';

/** What of rooms a hostile server gets to read, of which others it learns, and how it is shut out. */
describe('a hostile server reads', () => {
  let scene: HostileScene;
  beforeAll(async () => {
    scene = await startHostileScene();
  });
  afterAll(() => scene.stop());

  /** Everything that reads a room at an event. */
  const readAt = async (roomId: string, eventId: string) => {
    const at = `event_id=${encodeURIComponent(eventId)}`;
    const missing = { earliest_events: [], latest_events: [eventId], limit: 10 };
    return [
      await scene.hostile.get(`${path('v1/state', roomId)}?${at}`),
      await scene.hostile.get(`${path('v1/state_ids', roomId)}?${at}`),
      await scene.hostile.get(path('v1/event_auth', roomId, eventId)),
      await scene.hostile.get(`${path('v1/backfill', roomId)}?v=${encodeURIComponent(eventId)}&limit=10`),
      await scene.hostile.request('POST', path('v1/get_missing_events', roomId), { body: missing }),
    ].map(({ status, body }) => ({ status, body: { ...body, origin_server_ts: 0 } }));
  };
  const eventOf = (eventId: string) => scene.hostile.get(path('v1/event', eventId));
  const timestampOf = (roomId: string) => scene.hostile.get(`${path('v1/timestamp_to_event', roomId)}?ts=0&dir=f`);

  it('row 5, row 23, row 28: nothing of a room that it is not in, which looks like one that is not there', async () => {
    const secret = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
    const eventId = await say(scene.alice, secret, 'secret');
    const reads = await readAt(secret, eventId);
    for (const { status } of reads) expect(status).toBe(403);
    expect(await readAt('!none:nowhere.example', eventId)).toEqual(reads);
    expect(await timestampOf(secret)).toEqual(refused(403, 'M_FORBIDDEN'));
    expect(await timestampOf('!none:nowhere.example')).toEqual(await timestampOf(secret));
    expect(await eventOf(eventId)).toEqual(refused(404, 'M_NOT_FOUND'));
    expect(await eventOf(`$${'N'.repeat(43)}`)).toEqual(await eventOf(eventId));
  });

  it('row 28: nothing of another room by the path of one that it is in', async () => {
    const secret = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
    const eventId = await say(scene.alice, secret, 'secret');
    const reads = await readAt(scene.roomId, eventId);
    expect(reads).toEqual(await readAt(scene.roomId, `$${'N'.repeat(43)}`));
    expect(JSON.stringify(reads)).not.toContain('secret');
  });

  it('row 5: nothing of what was said before its users came, where the room hides that', async () => {
    const initial_state = [
      { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } },
    ];
    const roomId = await makeRoom(scene.alice, { preset: 'public_chat', room_version: '11', initial_state });
    const before = await say(scene.alice, roomId, 'before you came');
    const room = await scene.hostile.join(roomId);
    const after = await say(scene.alice, roomId, 'after you came');
    expect(JSON.stringify(await readAt(roomId, room.join.eventId))).not.toContain('before you came');
    expect(JSON.stringify(await eventOf(before))).not.toContain('before you came');
    expect(JSON.stringify(await eventOf(after))).toContain('after you came');
  });

  it('row 40: nothing any more when its last user has left', async () => {
    const room = await scene.anotherRoom();
    const leave = { type: 'm.room.member', stateKey: scene.hostile.userId, content: { membership: 'leave' } };
    const { pdu, eventId } = scene.hostile.event(room, leave);
    expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: {} });
    const later = await say(scene.alice, room.roomId, 'later');
    for (const { status } of await readAt(room.roomId, room.join.eventId)) expect(status).toBe(403);
    expect(await eventOf(later)).toEqual(refused(404, 'M_NOT_FOUND'));
    const words = [room.join.eventId, eventId].map((id) => scene.hostile.event(room, { prevEvents: [id] }).pdu);
    await scene.hostile.send(...words);
    const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
    expect(JSON.stringify(body)).not.toContain('from afar');
  });

  it('row 27: no event that was rejected', async () => {
    const topic = { type: 'm.room.topic', stateKey: '', content: { topic: 'no right to' } };
    const { pdu, eventId } = scene.forge(topic);
    expect((await scene.hostile.send(pdu))[eventId]).toHaveProperty('error');
    expect(await eventOf(eventId)).toEqual(refused(404, 'M_NOT_FOUND'));
    expect(JSON.stringify(await readAt(scene.roomId, eventId))).not.toContain('no right to');
  });

  it('row 36: no more at once than there are limits for', async () => {
    const ends = await scene.ends(scene.roomId);
    for (let n = 0; n < 130; n++) await say(scene.alice, scene.roomId, `much ${n}`);
    const [newest] = await scene.ends(scene.roomId);
    const many = Array.from({ length: 100 }, () => `v=${encodeURIComponent(newest!)}`).join('&');
    const { body } = await scene.hostile.get(`${path('v1/backfill', scene.roomId)}?${many}&limit=100000`);
    expect((body['pdus'] as JsonObject[]).length).toBe(100);
    const missing = {
      earliest_events: ends,
      latest_events: Array(500).fill(newest) as string[],
      limit: 100_000,
      min_depth: -5,
    };
    const answer = await scene.hostile.request('POST', path('v1/get_missing_events', scene.roomId), { body: missing });
    expect((answer.body['events'] as JsonObject[]).length).toBeLessThanOrEqual(20);
  });

  describe('whom the room shuts out', () => {
    let room: JoinedRoom;
    const shutOut = async (where: string, pattern: string) => {
      const content = { allow: ['*'], deny: [pattern], allow_ip_literals: false };
      expect((await scene.alice.api('PUT', at(where, 'state/m.room.server_acl/'), content)).status).toBe(200);
    };
    beforeAll(async () => {
      room = await scene.anotherRoom();
      await shutOut(room.roomId, 'LOCAL*');
    });

    it('row 6, row 51: nothing of it, however its name is written there', async () => {
      for (const { status } of await readAt(room.roomId, room.join.eventId)) expect(status).toBe(403);
      expect(await timestampOf(room.roomId)).toEqual(refused(403, 'M_FORBIDDEN'));
      for (const make of ['v1/make_join', 'v1/make_leave', 'v1/make_knock']) {
        const answer = await scene.hostile.get(`${path(make, room.roomId, scene.hostile.userId)}?ver=11`);
        expect(answer).toEqual(refused(403, 'M_FORBIDDEN'));
      }
    });

    it('row 6: has no event taken, by whichever way', async () => {
      const { pdu, eventId } = scene.hostile.event(room, { content: { msgtype: 'm.text', body: 'shut out' } });
      expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: { error: expect.any(String) as string } });
      const leave = scene.hostile.event(room, {
        type: 'm.room.member',
        stateKey: scene.hostile.userId,
        content: { membership: 'leave' },
      });
      expect(await scene.offer('v2/send_leave', room.roomId, leave.eventId, leave.pdu)).toEqual(
        refused(403, 'M_FORBIDDEN'),
      );
      const invite = scene.hostile.event(room, {
        type: 'm.room.member',
        stateKey: scene.alice.userId,
        content: { membership: 'invite' },
      });
      const offered = { room_version: '11', event: invite.pdu, invite_room_state: [] };
      expect(await scene.offer('v2/invite', room.roomId, invite.eventId, offered)).toEqual(refused(403, 'M_FORBIDDEN'));
      const { body } = await scene.alice.api('GET', at(room.roomId, 'messages?dir=b&limit=50'));
      expect(JSON.stringify(body)).not.toContain('shut out');
      expect(await stateOf(scene.alice, room.roomId, 'm.room.member', scene.hostile.userId)).toMatchObject({
        membership: 'join',
      });
    });

    it('row 33: however long and however slow to match its list is made', async () => {
      const slow = await scene.anotherRoom();
      const patterns = Array.from({ length: 2_500 }, (_, n) => `${'*a'.repeat(8)}*${n}`);
      const content = { allow: ['*'], deny: [...patterns, 'localhost'] };
      expect((await scene.alice.api('PUT', at(slow.roomId, 'state/m.room.server_acl/'), content)).status).toBe(200);
      for (let n = 0; n < 5; n++) {
        const { pdu, eventId } = scene.hostile.event(slow);
        expect(await scene.hostile.send(pdu)).toEqual({ [eventId]: { error: expect.any(String) as string } });
      }
      await scene.isAlive();
    });
  });
});
