import type { JsonObject } from '#kernel/json';
import { inspectEvent, type Pdu } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';
import { path } from '../../support/known-peer';
import type { Answer } from '../../support/signing-peer';
import { denying, inRoom, makeRoom, refusal, setState, startServers, type ServersRig } from './rig';

const MEMBER = 'm.room.member';
const ALL = knownRoomVersions();
const WITH_KNOCKS = ALL.filter((version) => roomVersion(version).knock);
const WITHOUT_KNOCKS = ALL.filter((version) => !roomVersion(version).knock);
const UNKNOWN_ROOM = '!unknown:test.example';

const forbidden = refusal(403, 'M_FORBIDDEN');
const invalid = refusal(400, 'M_INVALID_PARAM');
const notFound = refusal(404, 'M_NOT_FOUND');

describe('knocks and leaves of other servers’ users', () => {
  let rig: ServersRig;
  beforeAll(async () => {
    rig = await startServers({ legacy_paths: ['federation_v1'] });
  });
  afterAll(() => rig.stop());

  type Asked = 'knock' | 'leave';
  const VERSIONS = ALL.map((version) => `ver=${version}`).join('&');

  const make = (asked: Asked, roomId: string, userId = rig.peer.userId): Promise<Answer> =>
    rig.peer.get(path(`v1/make_${asked}`, roomId, userId) + (asked === 'knock' ? `?${VERSIONS}` : ''));

  /** The event that a template makes, with what the test has it say otherwise. */
  const signed = async (asked: Asked, roomId: string, changes: JsonObject = {}, userId = rig.peer.userId) => {
    const { status, body } = await make(asked, roomId, userId);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const version = roomVersion(body['room_version'] as string);
    return rig.peer.sign(version, { ...(body['event'] as Pdu), ...changes });
  };

  const PUTS = { knock: 'v1/send_knock', leave: 'v2/send_leave' } as const;
  const send = (asked: Asked, roomId: string, eventId: string, pdu: Pdu): Promise<Answer> =>
    rig.peer.put(path(PUTS[asked], roomId, eventId), pdu);

  const membershipOf = async (roomId: string, userId = rig.peer.userId): Promise<unknown> =>
    (await rig.alice.api.get(inRoom(roomId, `state/${MEMBER}/${encodeURIComponent(userId)}`))).body['membership'];

  /** A room into which users may knock; its id. */
  const roomToKnockOn = async (version = '11', joinRule = 'knock'): Promise<string> => {
    const rules = { type: 'm.room.join_rules', state_key: '', content: { join_rule: joinRule } };
    return makeRoom(rig.alice, { preset: 'private_chat', room_version: version, initial_state: [rules] });
  };

  /** A room into which the peer's first user has invited another of its users. */
  const invited = async () => {
    const roomId = await makeRoom(rig.alice, { power_level_content_override: { invite: 0 } });
    const userId = `@guest:${rig.peer.serverName}`;
    const joined = await rig.peer.join(roomId);
    const content = { membership: 'invite' };
    const { pdu, eventId } = rig.peer.event(joined, { type: MEMBER, stateKey: userId, content });
    expect(await rig.peer.send([pdu])).toEqual({ [eventId]: {} });
    return { roomId, userId };
  };

  const knock = async (roomId: string): Promise<Answer> => {
    const { pdu, eventId } = await signed('knock', roomId);
    return send('knock', roomId, eventId, pdu);
  };

  const templateOf = (version: string, roomId: string, membership: string) => ({
    status: 200,
    body: {
      room_version: version,
      event: expect.objectContaining({
        type: MEMBER,
        room_id: roomId,
        sender: rig.peer.userId,
        state_key: rig.peer.userId,
        content: { membership },
        origin_server_ts: expect.any(Number),
      }),
    },
  });

  describe('GET make_knock', () => {
    it.each(WITH_KNOCKS)('gives a template of room version %s', async (version) => {
      const roomId = await roomToKnockOn(version);
      const answer = await make('knock', roomId);
      expect(answer).toEqual(templateOf(version, roomId, 'knock'));
      expect(answer.body['event']).not.toHaveProperty('signatures');
    });

    it.each(WITHOUT_KNOCKS)('refuses in room version %s, which knows no knocks', async (version) => {
      expect(await make('knock', await makeRoom(rig.alice, { room_version: version }))).toEqual(forbidden);
    });

    it('works where members of other rooms may join, and others knock', async () => {
      expect(await make('knock', await roomToKnockOn('10', 'knock_restricted'))).toMatchObject({ status: 200 });
      expect(await make('knock', await roomToKnockOn('9', 'restricted'))).toEqual(forbidden);
    });

    it('tells a server that does not support the room’s version which that is', async () => {
      expect(
        await rig.peer.get(`${path('v1/make_knock', await roomToKnockOn(), rig.peer.userId)}?ver=7&ver=1`),
      ).toEqual({
        status: 400,
        body: { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', error: expect.any(String), room_version: '11' },
      });
    });

    it('wants to know the versions that the server supports', async () => {
      const answer = await rig.peer.get(path('v1/make_knock', await roomToKnockOn(), rig.peer.userId));
      expect(answer).toEqual(refusal(400, 'M_MISSING_PARAM'));
    });

    it('is only for users of the asking server', async () => {
      const roomId = await roomToKnockOn();
      for (const userId of ['@bob:elsewhere.example', rig.alice.userId]) {
        expect(await make('knock', roomId, userId)).toEqual(forbidden);
      }
      expect(await make('knock', roomId, 'nobody')).toEqual(invalid);
    });

    it('does not find unknown rooms', async () => {
      expect(await make('knock', UNKNOWN_ROOM)).toEqual(notFound);
    });

    it('refuses users who may not knock: where the door is open, banned, in already, invited, of a denied server', async () => {
      expect(await make('knock', await makeRoom(rig.alice))).toEqual(forbidden);
      const roomId = await roomToKnockOn();
      await rig.alice.api.post(inRoom(roomId, 'ban'), { user_id: rig.peer.userId });
      expect(await make('knock', roomId)).toEqual(forbidden);
      const entered = await makeRoom(rig.alice);
      await rig.peer.join(entered);
      await setState(rig.alice, entered, 'm.room.join_rules', { join_rule: 'knock' });
      expect(await make('knock', entered)).toEqual(forbidden);
      const { roomId: expecting, userId } = await invited();
      await setState(rig.alice, expecting, 'm.room.join_rules', { join_rule: 'knock' });
      expect(await make('knock', expecting, userId)).toEqual(forbidden);
      const walled = await roomToKnockOn();
      await setState(rig.alice, walled, 'm.room.server_acl', denying('peer.example'));
      expect(await make('knock', walled)).toEqual(forbidden);
    });
  });

  describe('PUT send_knock', () => {
    it.each(WITH_KNOCKS)('lets a user knock on a room of version %s, and shows it whole events', async (version) => {
      const roomId = await roomToKnockOn(version);
      await setState(rig.alice, roomId, 'm.room.name', { name: 'A room with a door' });
      const { status, body } = await knock(roomId);
      expect(status).toBe(200);
      expect(await membershipOf(roomId)).toBe('knock');
      const rules = roomVersion(version);
      const shown = (body['knock_room_state'] as JsonObject[]).map((one) => inspectEvent(rules, one));
      expect(shown.map(({ pdu }) => pdu.type)).toEqual(['m.room.create', 'm.room.join_rules', 'm.room.name']);
      for (const { roomId: its, pdu, hashMatches } of shown) {
        expect([its, hashMatches, Object.keys(pdu.signatures!)]).toEqual([roomId, true, ['test.example']]);
      }
    });

    it('shows the room’s members who knocks', async () => {
      const roomId = await roomToKnockOn();
      await knock(roomId);
      const { body } = await rig.alice.api.get('/_matrix/client/v3/sync');
      const rooms = body['rooms'] as { join: Record<string, { timeline: { events: JsonObject[] } }> };
      expect(rooms.join[roomId]!.timeline.events).toContainEqual(
        expect.objectContaining({ type: MEMBER, state_key: rig.peer.userId, content: { membership: 'knock' } }),
      );
    });

    it('may be repeated', async () => {
      const roomId = await roomToKnockOn();
      const { pdu, eventId } = await signed('knock', roomId);
      const first = await send('knock', roomId, eventId, pdu);
      expect(await send('knock', roomId, eventId, pdu)).toEqual(first);
      expect(first.status).toBe(200);
    });

    it('refuses users who may not knock any more', async () => {
      const roomId = await roomToKnockOn();
      const { pdu, eventId } = await signed('knock', roomId);
      await setState(rig.alice, roomId, 'm.room.join_rules', { join_rule: 'invite' });
      expect(await send('knock', roomId, eventId, pdu)).toEqual(forbidden);
      await setState(rig.alice, roomId, 'm.room.join_rules', { join_rule: 'knock' });
      await setState(rig.alice, roomId, 'm.room.server_acl', denying('peer.example'));
      expect(await send('knock', roomId, eventId, pdu)).toEqual(forbidden);
      expect(await membershipOf(roomId)).toBeUndefined();
    });

    it('may come again once a knock was turned down', async () => {
      const roomId = await roomToKnockOn();
      await knock(roomId);
      await rig.alice.api.post(inRoom(roomId, 'kick'), { user_id: rig.peer.userId });
      expect(await membershipOf(roomId)).toBe('leave');
      expect((await knock(roomId)).status).toBe(200);
    });
  });

  describe('GET make_leave', () => {
    it.each(ALL)('gives a template of room version %s', async (version) => {
      const roomId = await makeRoom(rig.alice, { room_version: version });
      await rig.peer.join(roomId);
      expect(await make('leave', roomId)).toEqual(templateOf(version, roomId, 'leave'));
    });

    it('refuses users who are not in the room', async () => {
      const roomId = await makeRoom(rig.alice);
      expect(await make('leave', roomId)).toEqual(forbidden);
      await rig.alice.api.post(inRoom(roomId, 'ban'), { user_id: rig.peer.userId });
      expect(await make('leave', roomId)).toEqual(forbidden);
    });

    it('is only for users of the asking server, and for rooms that there are', async () => {
      const roomId = await makeRoom(rig.alice);
      expect(await make('leave', roomId, rig.alice.userId)).toEqual(forbidden);
      expect(await make('leave', roomId, 'nobody')).toEqual(invalid);
      expect(await make('leave', UNKNOWN_ROOM)).toEqual(notFound);
    });
  });

  describe('PUT send_leave', () => {
    it.each(ALL)('lets a user leave a room of version %s', async (version) => {
      const roomId = await makeRoom(rig.alice, { room_version: version });
      await rig.peer.join(roomId);
      const { pdu, eventId } = await signed('leave', roomId);
      expect(await send('leave', roomId, eventId, pdu)).toEqual({ status: 200, body: {} });
      expect(await membershipOf(roomId)).toBe('leave');
    });

    it.each(ALL)('answers the old path with a pair, in room version %s', async (version) => {
      const roomId = await makeRoom(rig.alice, { room_version: version });
      await rig.peer.join(roomId);
      const { pdu, eventId } = await signed('leave', roomId);
      const answer = await rig.peer.put(path('v1/send_leave', roomId, eventId), pdu);
      expect(answer).toEqual({ status: 200, body: [200, {}] });
      expect(await membershipOf(roomId)).toBe('leave');
    });

    it.each(WITH_KNOCKS)('takes a knock back, in room version %s', async (version) => {
      const roomId = await roomToKnockOn(version);
      await knock(roomId);
      const { pdu, eventId } = await signed('leave', roomId);
      expect(await send('leave', roomId, eventId, pdu)).toEqual({ status: 200, body: {} });
      expect(await membershipOf(roomId)).toBe('leave');
    });

    it('rejects an invite', async () => {
      const { roomId, userId } = await invited();
      const { pdu, eventId } = await signed('leave', roomId, {}, userId);
      expect(await send('leave', roomId, eventId, pdu)).toEqual({ status: 200, body: {} });
      expect(await membershipOf(roomId, userId)).toBe('leave');
    });

    it('may be repeated', async () => {
      const roomId = await makeRoom(rig.alice);
      await rig.peer.join(roomId);
      const { pdu, eventId } = await signed('leave', roomId);
      expect(await send('leave', roomId, eventId, pdu)).toEqual({ status: 200, body: {} });
      expect(await send('leave', roomId, eventId, pdu)).toEqual({ status: 200, body: {} });
    });

    it('does not let out who was banned meanwhile', async () => {
      const roomId = await makeRoom(rig.alice);
      await rig.peer.join(roomId);
      const { pdu, eventId } = await signed('leave', roomId);
      await rig.alice.api.post(inRoom(roomId, 'ban'), { user_id: rig.peer.userId });
      expect(await send('leave', roomId, eventId, pdu)).toEqual(forbidden);
      expect(await membershipOf(roomId)).toBe('ban');
    });
  });

  describe.each(['knock', 'leave'] as const)('PUT send_%s', (asked) => {
    /** A room in which the peer may do what is asked, and what it was there before. */
    const prepared = async (version = '11'): Promise<{ roomId: string; before: string | undefined }> => {
      const roomId = await (asked === 'knock'
        ? roomToKnockOn(version)
        : makeRoom(rig.alice, { room_version: version }));
      if (asked === 'leave') await rig.peer.join(roomId);
      return { roomId, before: asked === 'leave' ? 'join' : undefined };
    };

    it.each([
      ['another type', { type: 'm.room.message' }],
      ['another membership', { content: { membership: 'invite' } }],
      ['a sender of another server', { sender: '@bob:elsewhere.example', state_key: '@bob:elsewhere.example' }],
      ['a local sender', { sender: '@alice:test.example', state_key: '@alice:test.example' }],
      ['another state key than its sender', { state_key: '@other:peer.example' }],
    ])('takes no event with %s', async (_, changes) => {
      const { roomId, before } = await prepared();
      const { pdu, eventId } = await signed(asked, roomId, changes);
      expect(await send(asked, roomId, eventId, pdu)).toEqual(invalid);
      expect(await membershipOf(roomId)).toBe(before);
    });

    it('takes no event of another room, nor with another id, than the path has', async () => {
      const { roomId, before } = await prepared();
      const { roomId: other } = await prepared();
      const { pdu, eventId } = await signed(asked, roomId);
      expect(await send(asked, other, eventId, pdu)).toEqual(invalid);
      expect(await send(asked, roomId, '$another', pdu)).toEqual(invalid);
      expect(await send(asked, UNKNOWN_ROOM, eventId, pdu)).toEqual(notFound);
      expect(await membershipOf(roomId)).toBe(before);
    });

    it('takes no event whose signature or hash does not hold', async () => {
      const { roomId, before } = await prepared();
      const { pdu, eventId } = await signed(asked, roomId);
      const madeUp = { [rig.peer.serverName]: { [rig.peer.key.keyId]: 'A'.repeat(86) } };
      for (const signatures of [{}, madeUp]) {
        expect(await send(asked, roomId, eventId, { ...pdu, signatures })).toEqual(invalid);
      }
      const swapped = { ...pdu, content: { ...pdu.content, reason: 'swapped' } };
      expect(await send(asked, roomId, eventId, swapped)).toEqual(invalid);
      expect(await membershipOf(roomId)).toBe(before);
    });

    it('takes no event that is none', async () => {
      const { roomId } = await prepared();
      const { pdu, eventId } = await signed(asked, roomId);
      const { sender: _sender, ...anonymous } = pdu;
      expect(await send(asked, roomId, eventId, anonymous as Pdu)).toEqual(refusal(400, 'M_MISSING_PARAM'));
      expect(await send(asked, roomId, eventId, { ...pdu, depth: 1.5 })).toEqual(refusal(400, 'M_BAD_JSON'));
      const withContent = (content: JsonObject) => ({ ...pdu, content }) as Pdu;
      expect(await send(asked, roomId, eventId, withContent({}))).toEqual(refusal(400, 'M_MISSING_PARAM'));
      expect(await send(asked, roomId, eventId, withContent({ membership: 5 }))).toEqual(refusal(400, 'M_BAD_JSON'));
      const { auth_events: _auth, ...unauthorised } = pdu;
      expect(await send(asked, roomId, eventId, unauthorised as Pdu)).toEqual(refusal(400, 'M_BAD_JSON'));
    });
  });
});
