import type { JsonObject } from '#kernel/json';
import { eventIdOf, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { path } from '../../support/known-peer';
import type { JoinedRoom } from '../../support/signing-peer';
import { denying, makeRoom, refusal, say, setState, startServers, type ServersRig } from './rig';

const V11 = roomVersion('11');
const idsOf = (pdus: unknown): string[] => (pdus as Pdu[]).map((pdu) => eventIdOf(V11, pdu));
const bodies = (pdus: unknown): unknown[] => (pdus as Pdu[]).map((pdu) => pdu.content['body']);

describe('what servers read of rooms', () => {
  let rig: ServersRig;
  let roomId: string;
  let room: JoinedRoom;
  beforeAll(async () => {
    rig = await startServers();
    roomId = await makeRoom(rig.alice, { name: 'Shared' });
    await say(rig.alice, roomId, 'before the join');
    room = await rig.peer.join(roomId);
  });
  afterAll(() => rig.stop());

  /** All requests that read something at an event of a room. */
  const readsAt = (where: string, eventId: string): string[] => [
    `${path('v1/state', where)}?event_id=${encodeURIComponent(eventId)}`,
    `${path('v1/state_ids', where)}?event_id=${encodeURIComponent(eventId)}`,
    path('v1/event_auth', where, eventId),
    `${path('v1/backfill', where)}?v=${encodeURIComponent(eventId)}&limit=5`,
  ];
  const timestampOf = (where: string) => `${path('v1/timestamp_to_event', where)}?ts=0&dir=f`;
  const missingOf = (where: string) => path('v1/get_missing_events', where);
  const NOTHING_MISSED = { earliest_events: [], latest_events: [] };

  it('are closed to servers without a joined user, for known and unknown rooms alike', async () => {
    const eventId = await say(rig.alice, roomId, 'not for strangers');
    for (const where of [roomId, '!unknown:nowhere.example']) {
      for (const uri of [...readsAt(where, eventId), timestampOf(where)]) {
        expect(await rig.stranger.get(uri)).toEqual(refusal(403, 'M_FORBIDDEN'));
      }
      expect(await rig.stranger.post(missingOf(where), NOTHING_MISSED)).toEqual(refusal(403, 'M_FORBIDDEN'));
    }
    expect(await rig.stranger.get(path('v1/event', eventId))).toEqual(refusal(404, 'M_NOT_FOUND'));
  });

  it('are closed to servers that have left', async () => {
    const left = await makeRoom(rig.alice);
    const joined = await rig.peer.join(left);
    const leave = rig.peer.event(joined, {
      type: 'm.room.member',
      stateKey: rig.peer.userId,
      content: { membership: 'leave' },
    });
    expect(await rig.peer.send([leave.pdu])).toEqual({ [leave.eventId]: {} });
    for (const uri of readsAt(left, joined.join.eventId)) {
      expect(await rig.peer.get(uri)).toEqual(refusal(403, 'M_FORBIDDEN'));
    }
  });

  it('are closed to servers that the ACL denies, where only an event is named as if there were none', async () => {
    const closed = await makeRoom(rig.alice);
    const { join } = await rig.peer.join(closed);
    await setState(rig.alice, closed, 'm.room.server_acl', denying('PEER.example'));
    for (const uri of readsAt(closed, join.eventId)) {
      expect(await rig.peer.get(uri)).toEqual(refusal(403, 'M_FORBIDDEN'));
    }
    expect(await rig.peer.post(missingOf(closed), NOTHING_MISSED)).toEqual(refusal(403, 'M_FORBIDDEN'));
    expect(await rig.peer.get(path('v1/event', join.eventId))).toEqual(refusal(404, 'M_NOT_FOUND'));
  });

  it('are not found for unknown events, and the same for events of other rooms', async () => {
    const other = await say(rig.alice, await makeRoom(rig.alice), 'elsewhere');
    for (const eventId of ['$unknown', other]) {
      for (const uri of readsAt(roomId, eventId).slice(0, 3)) {
        expect(await rig.peer.get(uri)).toEqual(refusal(404, 'M_NOT_FOUND'));
      }
      expect(await rig.peer.get(readsAt(roomId, eventId)[3]!)).toMatchObject({ status: 200, body: { pdus: [] } });
      const missing = { earliest_events: [], latest_events: [eventId] };
      expect(await rig.peer.post(missingOf(roomId), missing)).toEqual({ status: 200, body: { events: [] } });
    }
  });

  it('need their parameters', async () => {
    for (const uri of [
      path('v1/state', roomId),
      path('v1/state_ids', roomId),
      `${path('v1/backfill', roomId)}?v=%24x`,
      `${path('v1/backfill', roomId)}?limit=5`,
      `${path('v1/timestamp_to_event', roomId)}?ts=0`,
      `${path('v1/timestamp_to_event', roomId)}?dir=f`,
    ]) {
      expect(await rig.peer.get(uri)).toEqual(refusal(400, 'M_MISSING_PARAM'));
    }
    expect(await rig.peer.get(`${path('v1/timestamp_to_event', roomId)}?ts=0&dir=x`)).toMatchObject({ status: 400 });
    expect(await rig.peer.post(missingOf(roomId), { latest_events: [] })).toEqual(refusal(400, 'M_MISSING_PARAM'));
    expect(await rig.peer.post(missingOf(roomId), { earliest_events: [], latest_events: 'x' })).toMatchObject({
      status: 400,
    });
  });

  describe('GET state and state_ids', () => {
    it('give the state before the event and all that authorises it', async () => {
      const topic = await setState(rig.alice, roomId, 'm.room.topic', { topic: 'first' });
      const second = await setState(rig.alice, roomId, 'm.room.topic', { topic: 'second' });
      const [state, ids] = [
        (await rig.peer.get(readsAt(roomId, second)[0]!)).body,
        (await rig.peer.get(readsAt(roomId, second)[1]!)).body,
      ];
      const topics = (state['pdus'] as Pdu[]).filter((pdu) => pdu.type === 'm.room.topic');
      expect(topics.map((pdu) => pdu.content['topic'])).toEqual(['first']);
      expect(new Set(ids['pdu_ids'] as string[])).toEqual(new Set(idsOf(state['pdus'])));
      expect(new Set(ids['auth_chain_ids'] as string[])).toEqual(new Set(idsOf(state['auth_chain'])));
      expect(ids['pdu_ids']).toContain(topic);
      expect(ids['auth_chain_ids']).not.toHaveLength(0);
      for (const pdu of [...(state['pdus'] as Pdu[]), ...(state['auth_chain'] as Pdu[])]) {
        for (const id of pdu.auth_events as string[]) expect(ids['auth_chain_ids']).toContain(id);
        expect(pdu).toMatchObject({ signatures: expect.any(Object), hashes: expect.any(Object), room_id: roomId });
      }
    });

    it('are of messages too', async () => {
      const eventId = await say(rig.alice, roomId, 'a place in time');
      const { body } = await rig.peer.get(readsAt(roomId, eventId)[1]!);
      expect(body['pdu_ids']).toContain(room.join.eventId);
    });

    it('show redacted state without what was redacted', async () => {
      const named = await setState(rig.alice, roomId, 'm.room.topic', { topic: 'regretted' });
      await rig.alice.api.put(`/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/redact/${named}/r1`, {});
      const after = await say(rig.alice, roomId, 'after the redaction');
      const { body } = await rig.peer.get(readsAt(roomId, after)[0]!);
      expect(JSON.stringify(body)).not.toContain('regretted');
      expect(idsOf(body['pdus'])).toContain(named);
    });

    it('do not know rejected events', async () => {
      const { pdu, eventId } = rig.peer.event(room, { type: 'm.room.name', stateKey: '', content: { name: 'Taken' } });
      expect(await rig.peer.send([pdu])).toEqual({ [eventId]: { error: expect.any(String) } });
      for (const uri of readsAt(roomId, eventId).slice(0, 3)) {
        expect(await rig.peer.get(uri)).toEqual(refusal(404, 'M_NOT_FOUND'));
      }
      expect(await rig.peer.get(path('v1/event', eventId))).toEqual(refusal(404, 'M_NOT_FOUND'));
      const { body } = await rig.peer.get(readsAt(roomId, eventId)[3]!);
      expect(idsOf(body['pdus'])).toContain(room.join.eventId);
      expect(idsOf(body['pdus'])).not.toContain(eventId);
    });
  });

  it('GET event gives the one event in a transaction', async () => {
    const eventId = await say(rig.alice, roomId, 'the one');
    const { status, body } = await rig.peer.get(path('v1/event', eventId));
    expect(status).toBe(200);
    expect(body).toEqual({
      origin: 'test.example',
      origin_server_ts: expect.any(Number),
      pdus: [expect.objectContaining({ content: { msgtype: 'm.text', body: 'the one' } })],
    });
  });

  it('GET event_auth gives the whole chain of one event, without the event', async () => {
    const eventId = await say(rig.alice, roomId, 'authorised');
    const { body } = await rig.peer.get(path('v1/event_auth', roomId, eventId));
    const types = (body['auth_chain'] as Pdu[]).map((pdu) => pdu.type);
    expect(types.sort()).toEqual(['m.room.create', 'm.room.member', 'm.room.power_levels']);
  });

  describe('GET backfill', () => {
    it('gives the events named and those before them, newest first, up to the limit', async () => {
      const said = [];
      for (const text of ['one', 'two', 'three']) said.push(await say(rig.alice, roomId, text));
      const { body } = await rig.peer.get(`${path('v1/backfill', roomId)}?v=${encodeURIComponent(said[2]!)}&limit=2`);
      expect(bodies(body['pdus'])).toEqual(['three', 'two']);
      expect(body).toMatchObject({ origin: 'test.example', origin_server_ts: expect.any(Number) });
      const from = `v=${encodeURIComponent(said[2]!)}&v=${encodeURIComponent(said[1]!)}`;
      const both = await rig.peer.get(`${path('v1/backfill', roomId)}?${from}&limit=3`);
      expect(bodies(both.body['pdus']).sort()).toEqual(['one', 'three', 'two']);
    });

    it('gives history from before the join where it is shared, and only its shell where it is not', async () => {
      const secret = await makeRoom(rig.alice, {
        initial_state: [
          { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } },
        ],
      });
      await say(rig.alice, secret, 'among ourselves');
      const { join } = await rig.peer.join(secret);
      await say(rig.alice, secret, 'for everybody here');
      const latest = await say(rig.alice, secret, 'latest');
      const uri = (v: string, limit: number) =>
        `${path('v1/backfill', secret)}?v=${encodeURIComponent(v)}&limit=${limit}`;
      const { body } = await rig.peer.get(uri(latest, 10));
      expect(bodies(body['pdus']).slice(0, 2)).toEqual(['latest', 'for everybody here']);
      expect(idsOf(body['pdus'])).toContain(join.eventId);
      expect(JSON.stringify(body)).not.toContain('among ourselves');
      const shown = await rig.peer.get(
        `${path('v1/backfill', roomId)}?v=${encodeURIComponent(room.join.eventId)}&limit=5`,
      );
      expect(bodies(shown.body['pdus'])).toContain('before the join');
    });
  });

  describe('POST get_missing_events', () => {
    const missing = (body: JsonObject) => rig.peer.post(missingOf(roomId), body);

    it('gives what is between, oldest first, without both ends', async () => {
      const said = [];
      for (const text of ['a', 'b', 'c', 'd']) said.push(await say(rig.alice, roomId, text));
      const between = await missing({ earliest_events: [said[0]!], latest_events: [said[3]!] });
      expect(bodies(between.body['events'])).toEqual(['b', 'c']);
      const limited = await missing({ earliest_events: [said[0]!], latest_events: [said[3]!], limit: 1 });
      expect(bodies(limited.body['events'])).toEqual(['c']);
    });

    it('goes no deeper than min_depth, and gives ten when no number is named', async () => {
      let last = '';
      for (let i = 0; i < 15; i++) last = await say(rig.alice, roomId, `many ${i}`);
      const { body } = await missing({ earliest_events: [], latest_events: [last] });
      expect(body['events']).toHaveLength(10);
      const { depth } = (body['events'] as Pdu[])[7]!;
      const shallow = await missing({ earliest_events: [], latest_events: [last], min_depth: depth });
      expect(shallow.body['events']).toHaveLength(3);
    });

    it('gives soft-failed events that others refer to, and never rejected ones', async () => {
      const where = await makeRoom(rig.alice, { power_level_content_override: { events_default: 0 } });
      const joined = await rig.peer.join(where);
      await setState(rig.alice, where, 'm.room.power_levels', {
        ...(await rig.alice.api.get(`/_matrix/client/v3/rooms/${encodeURIComponent(where)}/state/m.room.power_levels/`))
          .body,
        events_default: 50,
      });
      const soft = rig.peer.event(joined, { content: { msgtype: 'm.text', body: 'evading' } });
      expect(await rig.peer.send([soft.pdu])).toEqual({ [soft.eventId]: {} });
      const rejected = rig.peer.event(joined, { type: 'm.room.name', stateKey: '', content: { name: 'Taken' } });
      await rig.peer.send([rejected.pdu]);
      const after = rig.peer.event(joined, {
        prevEvents: [soft.eventId, rejected.eventId],
        depth: soft.pdu.depth + 1,
        content: { msgtype: 'm.text', body: 'refers to it' },
      });
      await rig.peer.send([after.pdu]);
      const query = { earliest_events: [joined.join.eventId], latest_events: [after.eventId] };
      const { body } = await rig.peer.post(missingOf(where), query);
      expect(idsOf(body['events'])).toEqual([soft.eventId]);
      const event = await rig.peer.get(path('v1/event', soft.eventId));
      expect(bodies(event.body['pdus'])).toEqual(['evading']);
    });
  });

  describe('GET timestamp_to_event', () => {
    it('finds the nearest event in the direction, or none', async () => {
      const where = await makeRoom(rig.alice);
      const joined = await rig.peer.join(where);
      const day = 86_400_000;
      const at = (ts: number, text: string) =>
        rig.peer.event(joined, { originServerTs: ts, content: { msgtype: 'm.text', body: text } });
      const [old, older] = [at(10 * day, 'old'), at(5 * day, 'older')];
      await rig.peer.send([old.pdu, older.pdu]);
      const ask = (ts: number, dir: string) =>
        rig.peer.get(`${path('v1/timestamp_to_event', where)}?ts=${ts}&dir=${dir}`);
      const oldest = { status: 200, body: { event_id: older.eventId, origin_server_ts: 5 * day } };
      expect(await ask(0, 'f')).toEqual(oldest);
      expect(await ask(6 * day, 'b')).toEqual(oldest);
      expect((await ask(6 * day, 'f')).body['event_id']).toBe(old.eventId);
      expect(await ask(4 * day, 'b')).toEqual(refusal(404, 'M_NOT_FOUND'));
      expect(await ask(Date.now() + day, 'f')).toEqual(refusal(404, 'M_NOT_FOUND'));
    });
  });
});
