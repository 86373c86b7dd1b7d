import type { JsonObject, JsonValue } from '#kernel/json';
import { type KnownPeer, path } from '../../support/known-peer';
import type { Answer, JoinedRoom } from '../../support/signing-peer';
import { inRoom, makeRoom, refusal, startServers, type ServersRig } from './rig';

describe('PUT send', () => {
  let rig: ServersRig;
  let room: JoinedRoom;
  beforeAll(async () => {
    rig = await startServers();
    room = await rig.peer.join(await makeRoom(rig.alice));
  });
  afterAll(() => rig.stop());

  const message = (body: string, more: JsonObject = {}) =>
    rig.peer.event(room, { content: { msgtype: 'm.text', body }, ...more });

  const put = (
    txnId: string,
    pdus: readonly JsonValue[],
    more: JsonObject = {},
    peer: KnownPeer = rig.peer,
  ): Promise<Answer> => {
    const body = { origin: peer.serverName, origin_server_ts: Date.now(), pdus: [...pdus], ...more };
    return peer.put(path('v1/send', txnId), body);
  };

  const texts = async (): Promise<unknown[]> => {
    const { body } = await rig.alice.api.get(inRoom(room.roomId, 'messages'), { dir: 'b', limit: 200 });
    const events = body['chunk'] as { content: { body?: string } }[];
    return events.flatMap(({ content }) => content.body ?? []);
  };

  it('says of each event whether it was taken, whatever became of the others', async () => {
    const good = message('good');
    const forbidden = rig.peer.event(room, { type: 'm.room.name', stateKey: '', content: { name: 'Mine' } });
    const unsigned = message('unsigned');
    const changed = message('changed');
    const forged = message('forged', { sender: rig.alice.userId });
    const answer = await put('each', [
      good.pdu,
      forbidden.pdu,
      { ...unsigned.pdu, signatures: {} },
      { ...changed.pdu, content: { msgtype: 'm.text', body: 'other' } },
      forged.pdu,
    ]);
    const failed = { error: expect.any(String) };
    expect(answer).toEqual({
      status: 200,
      body: {
        pdus: {
          [good.eventId]: {},
          [forbidden.eventId]: failed,
          [unsigned.eventId]: failed,
          // Its hash does not hold: it is taken without its content. Spec: "Validating hashes and signatures".
          [changed.eventId]: {},
          [forged.eventId]: failed,
        },
      },
    });
    expect(await texts()).toContain('good');
    expect(await texts()).not.toContain('other');
  });

  it('takes fifty events and a hundred EDUs, and not one more', async () => {
    const many = Array.from({ length: 51 }, (_, i) => message(`many ${i}`));
    const edus = Array.from({ length: 101 }, () => ({ edu_type: 'org.example.unknown', content: {} }));
    const pdus = many.map(({ pdu }) => pdu);
    expect(await put('51 events', pdus)).toEqual(refusal(400, 'M_BAD_JSON'));
    expect(await put('101 EDUs', [], { edus })).toEqual(refusal(400, 'M_BAD_JSON'));
    expect((await texts()).filter((text) => String(text).startsWith('many'))).toEqual([]);
    const answer = await put('as many as go', pdus.slice(1), { edus: edus.slice(1) });
    expect(answer.status).toBe(200);
    expect(Object.values(answer.body['pdus'] as JsonObject)).toEqual(Array.from({ length: 50 }, () => ({})));
  });

  it('takes events in whatever order they stand', async () => {
    const first = message('first');
    const second = message('second', { prevEvents: [first.eventId], depth: first.pdu.depth + 1 });
    expect((await put('backwards', [second.pdu, first.pdu])).body).toEqual({
      pdus: { [first.eventId]: {}, [second.eventId]: {} },
    });
    await rig.server.domain.timeline.ingest.idle();
    expect((await texts()).filter((text) => text === 'first' || text === 'second')).toEqual(['second', 'first']);
  });

  it('takes one without EDUs, and without anything', async () => {
    expect(await put('no edus', [])).toEqual({ status: 200, body: { pdus: {} } });
    expect(await put('nothing', [], { edus: [] })).toEqual({ status: 200, body: { pdus: {} } });
  });

  it('takes no transaction that is none', async () => {
    const none: JsonObject[] = [{}, { origin: 5, origin_server_ts: 1, pdus: [] }, { pdus: {} }, { pdus: [5] }];
    for (const [index, body] of none.entries()) {
      expect(await rig.peer.put(path('v1/send', `none ${index}`), body)).toMatchObject({ status: 400 });
    }
  });

  describe('when it is repeated', () => {
    it('answers as before, and does not look at what is in it', async () => {
      const [first, other] = [message('once'), message('instead')];
      const answer = await put('repeated', [first.pdu]);
      expect(answer).toEqual({ status: 200, body: { pdus: { [first.eventId]: {} } } });
      expect(await put('repeated', [other.pdu])).toEqual(answer);
      expect(await texts()).not.toContain('instead');
    });

    it('gives the same refusals again', async () => {
      const forbidden = rig.peer.event(room, { type: 'm.room.topic', stateKey: '', content: { topic: 'Mine' } });
      const answer = await put('refused', [forbidden.pdu]);
      expect(answer.body).toEqual({ pdus: { [forbidden.eventId]: { error: expect.any(String) } } });
      expect(await put('refused', [forbidden.pdu])).toEqual(answer);
    });

    it('at the same time takes it in once', async () => {
      const all = Array.from({ length: 5 }, (_, i) => message(`race ${i}`));
      const answers = await Promise.all(all.map(({ pdu }) => put('race', [pdu])));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect((await texts()).filter((text) => String(text).startsWith('race'))).toHaveLength(1);
    });

    it('by another server is another transaction', async () => {
      const bob = `@bob:${rig.stranger.serverName}`;
      const joined = await rig.stranger.join(room.roomId, bob);
      const ours = message('ours');
      const theirs = rig.stranger.event(joined, { sender: bob, content: { msgtype: 'm.text', body: 'theirs' } });
      expect((await put('shared id', [ours.pdu])).body).toEqual({ pdus: { [ours.eventId]: {} } });
      const answer = await put('shared id', [theirs.pdu], {}, rig.stranger);
      expect(answer.body).toEqual({ pdus: { [theirs.eventId]: {} } });
      expect(await texts()).toEqual(expect.arrayContaining(['ours', 'theirs']));
    });

    it('after a restart answers as before', async () => {
      const [first, other] = [message('before the restart'), message('after the restart')];
      const answer = await put('over a restart', [first.pdu]);
      await rig.server.restart();
      expect(await put('over a restart', [other.pdu])).toEqual(answer);
      const { body } = await rig.server.api(rig.alice.token).get(inRoom(room.roomId, 'messages'), { dir: 'b' });
      expect(JSON.stringify(body)).not.toContain('after the restart');
      expect(JSON.stringify(body)).toContain('before the restart');
    });
  });
});
