import { RemoteServerError, UnreachableServerError } from '#domain/federation';
import type { JsonObject } from '#kernel/json';
import { carriesSignature, hashAndSign, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { signJson, SigningKey, VerifyKey } from '#protocol/signing/index';
import type { RoomInfo } from '../../../../src/domain/room-state';
import { makeRoom, requester } from '../membership/rig';
import { BOB, join, startOutbound, type OutboundRig } from './rig';

const POLICY = 'policy.org';
const KEY_ID = 'ed25519:policy_server';
const key = SigningKey.fromSeed(KEY_ID, Buffer.alloc(32, 9));
const PLACE = { server: POLICY, keyId: KEY_ID };

describe('a room with a policy server', () => {
  let rig: OutboundRig;
  let carol: string;
  let room: RoomInfo;

  beforeEach(async () => {
    rig = await startOutbound();
    carol = await rig.people.addUser('carol');
    room = await makeRoom(rig.timeline, carol);
    // As moderators they may send state, which is what templates are made of.
    await send('m.room.power_levels', { users: { [carol]: 100, [BOB]: 50 }, invite: 0 }, '');
    await joinFromAfar(`@guard:${POLICY}`);
  });
  afterEach(() => rig.stop());

  /** What the policy server says of good events: its signature. */
  const signs = async (_server: string, pdu: JsonObject): Promise<JsonObject> => {
    const { pdu: signed } = hashAndSign(roomVersion('11'), pdu as Pdu, POLICY, key);
    return { [POLICY]: (signed.signatures as JsonObject)[POLICY]! };
  };
  const counted = (answer: typeof signs): typeof signs => {
    return (server, pdu) => {
      rig.servers.calls.push(`sign ${pdu['type'] as string}`);
      return answer(server, pdu);
    };
  };
  const refusal =
    (status: number, errcode: string, more: JsonObject = {}) =>
    async (): Promise<never> => {
      throw new RemoteServerError(POLICY, status, errcode, 'no', { errcode, error: 'Looks like spam', ...more });
    };
  const send = (type: string, content: JsonObject, stateKey?: string): Promise<string> =>
    rig.timeline.send(requester(carol), {
      roomId: room.roomId,
      type,
      content,
      ...(stateKey !== undefined && { stateKey }),
    });
  const say = (body: string): Promise<string> => send('m.room.message', { msgtype: 'm.text', body });
  const setPolicy = (content: JsonObject = { via: POLICY, public_keys: { ed25519: key.publicKey } }) =>
    send('m.room.policy', content, '');
  const order = async () =>
    (await rig.timeline.range(room, { direction: 'f', limit: 100 })).map((event) => event.eventId);
  const storedPdu = async (eventId: string): Promise<Pdu> => (await rig.timeline.event(eventId))!.pdu as Pdu;
  const isVouched = async (eventId: string): Promise<boolean> =>
    carriesSignature(roomVersion('11'), { pdu: await storedPdu(eventId) }, PLACE, VerifyKey.fromBase64(key.publicKey)!);

  /** An event of another server's user on the room's head. */
  async function fromAfar(userId: string, type: string, content: JsonObject, stateKey?: string) {
    const { templates } = rig.timeline;
    const draft = { type, sender: userId, stateKey: stateKey ?? '', content };
    const { pdu } = await templates.draftFor(room, draft);
    const { state_key: _key, ...message } = pdu;
    const server = userId.slice(userId.indexOf(':') + 1);
    return hashAndSign(roomVersion('11'), stateKey === undefined ? message : pdu, server, key);
  }
  async function joinFromAfar(userId: string): Promise<void> {
    const { content, stateKey } = join(userId);
    const server = userId.slice(userId.indexOf(':') + 1);
    const { pdu } = await fromAfar(userId, 'm.room.member', content!, stateKey);
    await rig.timeline.ingest.accept(server, room.roomId, pdu);
  }

  it('has our events signed by it before they are sent', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = counted(signs);
    const eventId = await say('signed');
    expect(await isVouched(eventId)).toBe(true);
    expect((await storedPdu(eventId)).signatures).toHaveProperty(['test.example']);
    expect((await order()).at(-1)).toBe(eventId);
    const topic = await send('m.room.topic', { topic: 'seen' }, '');
    expect(await isVouched(topic)).toBe(true);
    expect(await rig.contentOf(room.roomId, 'm.room.topic')).toEqual({ topic: 'seen' });
    expect(rig.servers.calls).toEqual(['sign m.room.message', 'sign m.room.topic']);
  });

  it('is the only kind of room that asks', async () => {
    await say('before');
    await send('m.room.policy', { via: 'absent.org', public_keys: { ed25519: key.publicKey } }, '');
    await say('its server is not in the room');
    await setPolicy({ via: POLICY });
    await say('it names no key');
    expect(rig.servers.calls).toEqual([]);
  });

  it('takes no events by a key that is none, and needs not ask', async () => {
    await setPolicy({ via: POLICY, public_keys: { ed25519: 'not a key' } });
    await expect(say('to nobody')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(rig.servers.calls).toEqual([]);
    await setPolicy({});
    await expect(say('free again')).resolves.toMatch(/^\$/);
  });

  it('can be freed of it without asking', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = refusal(400, 'M_FORBIDDEN');
    await expect(say('refused')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    await setPolicy({});
    await expect(say('free again')).resolves.toMatch(/^\$/);
  });

  it('asks for everything but the policy itself', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = counted(signs);
    await send('m.room.policy', {}, 'other');
    await send('m.room.policy', {});
    const told = await say('something');
    await rig.timeline.send(requester(carol), {
      roomId: room.roomId,
      type: 'm.room.redaction',
      content: { redacts: told },
      redacts: told,
    });
    expect(rig.servers.calls).toEqual([
      'sign m.room.policy',
      'sign m.room.policy',
      'sign m.room.message',
      'sign m.room.redaction',
    ]);
    expect((await rig.timeline.event(told))!.redactedByNid).not.toBeNull();
  });

  it('is asked about invites of our own users by address too', async () => {
    const dave = await rig.people.addUser('dave');
    await send('m.room.third_party_invite', { display_name: 'd', public_key: key.publicKey }, 'token');
    await setPolicy();
    const signed = signJson({ mxid: dave, token: 'token' }, 'id.org', key);
    const exchange = () => rig.outbound.invites.exchange(carol, room.roomId, dave, { displayName: 'd', signed });
    const before = await order();
    rig.servers.askPolicyServer = refusal(400, 'M_FORBIDDEN');
    await expect(exchange()).rejects.toMatchObject({ errcode: 'M_FORBIDDEN', message: 'Looks like spam' });
    expect(await order()).toEqual(before);
    rig.servers.askPolicyServer = signs;
    await exchange();
    expect(await rig.contentOf(room.roomId, 'm.room.member', dave)).toMatchObject({ membership: 'invite' });
    expect(await isVouched((await order()).at(-1)!)).toBe(true);
  });

  it('gives its refusals to the client as they came, and nothing is sent', async () => {
    await setPolicy();
    const before = await order();
    rig.servers.askPolicyServer = refusal(400, 'M_FORBIDDEN', { reason_code: 7 });
    const refused = { errcode: 'M_FORBIDDEN', message: 'Looks like spam', extra: { reason_code: 7 } };
    await expect(say('spam')).rejects.toMatchObject(refused);
    rig.servers.askPolicyServer = refusal(429, 'M_LIMIT_EXCEEDED', { retry_after_ms: 5 });
    await expect(say('much')).rejects.toMatchObject({ errcode: 'M_LIMIT_EXCEEDED', extra: { retry_after_ms: 5 } });
    expect(await order()).toEqual(before);
    rig.servers.askPolicyServer = signs;
    await say('the room goes on');
    expect(await order()).toHaveLength(before.length + 1);
  });

  it('cannot log a client out by its refusal', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = refusal(401, 'M_UNKNOWN_TOKEN', { soft_logout: false });
    await expect(say('spam')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN', message: 'Looks like spam' });
  });

  it('takes no events while its policy server is away, or signs with another key', async () => {
    await setPolicy();
    const before = await order();
    rig.servers.askPolicyServer = async () => {
      throw new UnreachableServerError(POLICY, 'away');
    };
    await expect(say('nobody answers')).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
    rig.servers.askPolicyServer = async () => ({ [POLICY]: { [KEY_ID]: 'A'.repeat(86) } });
    await expect(say('not its key')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    rig.servers.askPolicyServer = async () => ({});
    await expect(say('not signed')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(await order()).toEqual(before);
  });

  it('goes on while the policy server thinks, and keeps both events', async () => {
    await setPolicy();
    let answer: () => void = () => undefined;
    rig.servers.askPolicyServer = async (server, pdu) => {
      if ((pdu['content'] as JsonObject)['body'] === 'slow') await new Promise<void>((done) => (answer = done));
      return signs(server, pdu);
    };
    const slow = say('slow');
    const quick = await say('quick');
    answer();
    const both = [quick, await slow];
    expect((await order()).slice(-2)).toEqual(both);
    await say('follows both');
    expect((await storedPdu((await order()).at(-1)!)).prev_events.sort()).toEqual(both.sort());
  });

  it('answers a repeated request with the event of the first', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = counted(signs);
    const transaction = { userId: carol, scope: 'DEVICE', path: '/send', txnId: 'one' };
    const draft = { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body: 'once' } };
    const first = await rig.timeline.send(requester(carol), draft, transaction);
    expect(await rig.timeline.send(requester(carol), draft, transaction)).toBe(first);
    expect(rig.servers.calls).toHaveLength(1);
    const nid = (await rig.timeline.event(first))!.nid;
    expect(await rig.timeline.transactionIds([nid], carol, 'DEVICE')).toEqual(new Map([[nid, 'one']]));
  });

  it('is asked about events from elsewhere that it has not signed, which then carry its signature', async () => {
    await joinFromAfar(BOB);
    await setPolicy();
    rig.servers.askPolicyServer = counted(signs);
    const { pdu, eventId } = await fromAfar(BOB, 'm.room.message', { body: 'unsigned' });
    expect(await rig.timeline.ingest.receive('b.org', [pdu])).toMatchObject([{ status: 'accepted' }]);
    expect(await isVouched(eventId)).toBe(true);
    const next = await fromAfar(BOB, 'm.room.message', { body: 'signed already' });
    const answer = await signs(POLICY, next.pdu);
    const signatures = { ...next.pdu.signatures, ...answer } as Pdu['signatures'];
    const outcome = await rig.timeline.ingest.receive('b.org', [{ ...next.pdu, signatures } as Pdu]);
    expect(outcome).toMatchObject([{ status: 'accepted' }]);
    expect(rig.servers.calls).toEqual(['sign m.room.message']);
  });

  it('shows no event from elsewhere that it refuses, and asks once', async () => {
    await joinFromAfar(BOB);
    await setPolicy();
    rig.servers.askPolicyServer = counted(refusal(400, 'M_FORBIDDEN'));
    const { pdu, eventId } = await fromAfar(BOB, 'm.room.message', { body: 'spam' });
    expect(await rig.timeline.ingest.receive('b.org', [pdu])).toMatchObject([{ status: 'soft_failed' }]);
    expect(await order()).not.toContain(eventId);
    await rig.timeline.ingest.receive('b.org', [pdu]);
    expect(rig.servers.calls).toEqual(['sign m.room.message']);
  });

  describe('that cannot be asked', () => {
    const away = async (): Promise<never> => {
      throw new UnreachableServerError(POLICY, 'away');
    };
    const tryAgain = async (): Promise<void> => {
      await rig.timeline.ingest.start();
      await rig.timeline.ingest.idle();
    };
    /** How an event that nobody is shown is kept. */
    const isSoftFailed = async (eventId: string): Promise<boolean> => {
      const row = await rig.storage.get('SELECT nid FROM events WHERE event_id = ? AND soft_failed = 1', [eventId]);
      return row !== undefined;
    };
    beforeEach(async () => {
      await joinFromAfar(BOB);
      await setPolicy();
    });

    it.each([
      ['because it is away', away],
      ['because it fails', refusal(502, 'M_UNKNOWN')],
      ['because it has had too many questions', refusal(429, 'M_LIMIT_EXCEEDED')],
    ])('%s, has events from elsewhere wait for it', async (_, answer) => {
      rig.servers.askPolicyServer = answer;
      const { pdu, eventId } = await fromAfar(BOB, 'm.room.message', { body: 'patience' });
      expect(await rig.timeline.ingest.receive('b.org', [pdu])).toMatchObject([{ status: 'staged' }]);
      expect(await order()).not.toContain(eventId);
      rig.servers.askPolicyServer = signs;
      await tryAgain();
      expect((await order()).at(-1)).toBe(eventId);
      expect(await isVouched(eventId)).toBe(true);
    });

    it('has them wait in their order', async () => {
      rig.servers.askPolicyServer = away;
      const first = await fromAfar(BOB, 'm.room.message', { body: 'first' });
      const more = { ...first.pdu, content: { body: 'second' }, prev_events: [first.eventId] } as Pdu;
      const second = hashAndSign(roomVersion('11'), more, 'b.org', key);
      await rig.timeline.ingest.receive('b.org', [first.pdu, second.pdu]);
      rig.servers.askPolicyServer = signs;
      await tryAgain();
      expect((await order()).slice(-2)).toEqual([first.eventId, second.eventId]);
    });

    it('does not have them wait for ever: without its signature they fail softly', async () => {
      rig.servers.askPolicyServer = away;
      const { pdu, eventId } = await fromAfar(BOB, 'm.room.message', { body: 'in vain' });
      await rig.timeline.ingest.receive('b.org', [pdu]);
      for (let tries = 0; tries < 5; tries++) await tryAgain();
      expect(await isSoftFailed(eventId)).toBe(true);
      rig.servers.askPolicyServer = signs;
      await tryAgain();
      expect(await order()).not.toContain(eventId);
    });

    it('lets nobody in by another server, who may try again', async () => {
      rig.servers.askPolicyServer = away;
      const userId = '@dan:d.org';
      const { content, stateKey } = join(userId);
      const { pdu, eventId } = await fromAfar(userId, 'm.room.member', content!, stateKey);
      const asked = () => rig.timeline.ingest.accept('d.org', room.roomId, pdu);
      await expect(asked()).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
      rig.servers.askPolicyServer = signs;
      await expect(asked()).resolves.toMatchObject({ eventId });
    });
  });

  it('sees invites before the invited server does', async () => {
    await setPolicy();
    rig.servers.askPolicyServer = counted(signs);
    let shown: JsonObject = {};
    const invite = rig.servers.invite.bind(rig.servers);
    rig.servers.invite = (server, event) => {
      shown = event.pdu;
      return invite(server, event);
    };
    await rig.membership.invite(requester(carol), room.roomId, BOB);
    expect(shown['signatures']).toHaveProperty([POLICY, KEY_ID]);
    rig.servers.askPolicyServer = refusal(400, 'M_FORBIDDEN');
    await expect(rig.membership.invite(requester(carol), room.roomId, '@dan:d.org')).rejects.toMatchObject({
      message: 'Looks like spam',
    });
    expect(rig.servers.calls).not.toContain('invite d.org');
    expect(await rig.contentOf(room.roomId, 'm.room.member', BOB)).toMatchObject({ membership: 'invite' });
  });
});
