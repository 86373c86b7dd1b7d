import type { JsonObject } from '#kernel/json';
import { eventIdOf, type Pdu } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';
import { type KnownPeer, path } from '../../support/known-peer';
import type { Answer } from '../../support/signing-peer';
import { denying, inRoom, makeRoom, refusal, say, setState, startServers, type ServersRig } from './rig';

const MEMBER = 'm.room.member';
const ALL = knownRoomVersions();
const query = (versions: readonly string[]) => versions.map((version) => `ver=${version}`).join('&');

describe('joins of other servers’ users', () => {
  let rig: ServersRig;
  beforeAll(async () => {
    rig = await startServers({ legacy_paths: ['federation_v1'] });
  });
  afterAll(() => rig.stop());

  const makeJoin = (roomId: string, userId: string, versions: readonly string[] = ALL, peer = rig.peer) =>
    peer.get(`${path('v1/make_join', roomId, userId)}?${query(versions)}`);

  /** The event that a template makes, with what the test has it say otherwise. */
  const joinOf = async (roomId: string, userId = rig.peer.userId, changes: JsonObject = {}, peer = rig.peer) => {
    const { status, body } = await makeJoin(roomId, userId, ALL, peer);
    if (status !== 200) throw new Error(JSON.stringify(body));
    const version = roomVersion(body['room_version'] as string);
    return { version, ...peer.sign(version, { ...(body['event'] as Pdu), ...changes }) };
  };

  const sendJoin = (roomId: string, eventId: string, pdu: Pdu, options = '', peer = rig.peer): Promise<Answer> =>
    peer.put(path('v2/send_join', roomId, eventId) + options, pdu);

  const membershipOf = async (roomId: string, userId: string): Promise<unknown> =>
    (await rig.alice.api.get(inRoom(roomId, `state/${MEMBER}/${encodeURIComponent(userId)}`))).body['membership'];

  describe('GET make_join', () => {
    it.each(ALL)('gives a template of room version %s', async (version) => {
      const roomId = await makeRoom(rig.alice, { room_version: version });
      const { status, body } = await makeJoin(roomId, rig.peer.userId);
      expect({ status, version: body['room_version'] }).toEqual({ status: 200, version });
      const { hashes, signatures, ...event } = body['event'] as JsonObject;
      expect([hashes, signatures]).toEqual([undefined, undefined]);
      expect(event).toMatchObject({
        type: MEMBER,
        room_id: roomId,
        sender: rig.peer.userId,
        state_key: rig.peer.userId,
        content: { membership: 'join' },
        depth: expect.any(Number),
        origin_server_ts: expect.any(Number),
        prev_events: expect.any(Array),
        auth_events: expect.any(Array),
      });
    });

    it('tells a server that does not support the room’s version which that is', async () => {
      const roomId = await makeRoom(rig.alice);
      const incompatible = {
        status: 400,
        body: { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', error: expect.any(String), room_version: '11' },
      };
      expect(await makeJoin(roomId, rig.peer.userId, ['1', '10'])).toEqual(incompatible);
      expect(await rig.peer.get(path('v1/make_join', roomId, rig.peer.userId))).toEqual(incompatible);
    });

    it('supposes version 1 of a server that names none', async () => {
      const roomId = await makeRoom(rig.alice, { room_version: '1' });
      expect((await rig.peer.get(path('v1/make_join', roomId, rig.peer.userId))).status).toBe(200);
    });

    it('is only for users of the asking server', async () => {
      const roomId = await makeRoom(rig.alice);
      for (const userId of ['@bob:elsewhere.example', rig.alice.userId]) {
        expect(await makeJoin(roomId, userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
      }
      expect(await makeJoin(roomId, 'nobody')).toMatchObject({ status: 400 });
    });

    it('does not find unknown rooms, and those that this server has left', async () => {
      expect(await makeJoin('!unknown:test.example', rig.peer.userId)).toEqual(refusal(404, 'M_NOT_FOUND'));
      const left = await makeRoom(rig.alice);
      await rig.peer.join(left);
      await rig.alice.api.post(inRoom(left, 'leave'));
      expect(await makeJoin(left, `@late:${rig.peer.serverName}`)).toEqual(refusal(404, 'M_NOT_FOUND'));
    });

    it('refuses users who may not join: uninvited, banned, or of a denied server', async () => {
      const closed = await makeRoom(rig.alice, { preset: 'private_chat' });
      expect(await makeJoin(closed, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
      const open = await makeRoom(rig.alice);
      await rig.alice.api.post(inRoom(open, 'ban'), { user_id: rig.peer.userId });
      expect(await makeJoin(open, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
      const walled = await makeRoom(rig.alice);
      await setState(rig.alice, walled, 'm.room.server_acl', denying('peer.example'));
      expect(await makeJoin(walled, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
    });
  });

  describe('PUT send_join', () => {
    it.each(ALL)('lets a user into a room of version %s, and gives its state', async (version) => {
      const roomId = await makeRoom(rig.alice, { room_version: version });
      const { pdu, eventId, version: rules } = await joinOf(roomId);
      const { status, body } = await sendJoin(roomId, eventId, pdu);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('servers_in_room');
      expect(body['members_omitted']).not.toBe(true);
      const [state, chain] = [body['state'] as Pdu[], body['auth_chain'] as Pdu[]];
      expect(state.map(({ type }) => type)).toEqual(expect.arrayContaining(['m.room.create', MEMBER]));
      expect(state.map(({ state_key: key }) => key)).not.toContain(rig.peer.userId);
      const known = new Set([...state, ...chain].map((one) => eventIdOf(rules, one)));
      for (const one of [pdu, ...state, ...chain]) {
        for (const auth of one.auth_events) expect(known).toContain(typeof auth === 'string' ? auth : auth[0]);
      }
      expect(await membershipOf(roomId, rig.peer.userId)).toBe('join');
    });

    it('gives the join back with this server’s signature beside the other’s', async () => {
      const { pdu, eventId } = await joinOf(await makeRoom(rig.alice));
      const { body } = await sendJoin(pdu['room_id'] as string, eventId, pdu);
      const { signatures, ...event } = body['event'] as Pdu;
      expect(Object.keys(signatures!).sort()).toEqual(['peer.example', 'test.example']);
      const { signatures: own, ...sent } = pdu;
      expect(event).toEqual(sent);
      expect(signatures!['peer.example']).toEqual(own!['peer.example']);
    });

    it('answers the old path with a pair', async () => {
      const { pdu, eventId } = await joinOf(await makeRoom(rig.alice));
      const { status, body } = await rig.peer.put(path('v1/send_join', pdu['room_id'] as string, eventId), pdu);
      expect(status).toBe(200);
      expect(body).toEqual([200, expect.objectContaining({ state: expect.any(Array), auth_chain: expect.any(Array) })]);
    });

    it('may be repeated', async () => {
      const { pdu, eventId } = await joinOf(await makeRoom(rig.alice));
      const roomId = pdu['room_id'] as string;
      const [first, second] = [await sendJoin(roomId, eventId, pdu), await sendJoin(roomId, eventId, pdu)];
      expect(second.status).toBe(200);
      expect(new Set((second.body['state'] as Pdu[]).map((one) => one.type))).toEqual(
        new Set((first.body['state'] as Pdu[]).map((one) => one.type)),
      );
    });

    it('takes no event that is not the join that the path names', async () => {
      const roomId = await makeRoom(rig.alice);
      const other = await makeRoom(rig.alice);
      const invalid = refusal(400, 'M_INVALID_PARAM');
      const { pdu, eventId } = await joinOf(roomId);
      expect(await sendJoin(other, eventId, pdu)).toEqual(invalid);
      expect(await sendJoin(roomId, '$another', pdu)).toEqual(invalid);
      const invalidJoins: [string, JsonObject][] = [
        ['another type', { type: 'm.room.message' }],
        ['another membership', { content: { membership: 'leave' } }],
        ['a knock', { content: { membership: 'knock' } }],
        ['a sender of another server', { sender: '@bob:elsewhere.example', state_key: '@bob:elsewhere.example' }],
        ['a join of somebody else', { state_key: `@other:${rig.peer.serverName}` }],
      ];
      for (const [, changes] of invalidJoins) {
        const join = await joinOf(roomId, rig.peer.userId, changes);
        expect(await sendJoin(roomId, join.eventId, join.pdu)).toEqual(invalid);
      }
      expect(await membershipOf(roomId, rig.peer.userId)).toBeUndefined();
    });

    it('takes no join whose signature or hash does not hold', async () => {
      const roomId = await makeRoom(rig.alice);
      const { pdu, eventId } = await joinOf(roomId);
      const stranger = { [rig.peer.serverName]: { [rig.peer.key.keyId]: 'A'.repeat(86) } };
      for (const signatures of [{}, stranger]) {
        expect(await sendJoin(roomId, eventId, { ...pdu, signatures })).toEqual(refusal(400, 'M_INVALID_PARAM'));
      }
      const changed = { ...pdu, content: { membership: 'join', displayname: 'Swapped' } };
      expect(await sendJoin(roomId, eventId, changed)).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(await membershipOf(roomId, rig.peer.userId)).toBeUndefined();
    });

    it('takes no event that is none', async () => {
      const roomId = await makeRoom(rig.alice);
      const { pdu, eventId } = await joinOf(roomId);
      const { sender: _sender, ...anonymous } = pdu;
      expect(await sendJoin(roomId, eventId, anonymous as Pdu)).toMatchObject({ status: 400 });
      expect(await sendJoin(roomId, eventId, { ...pdu, depth: 1.5 })).toEqual(refusal(400, 'M_BAD_JSON'));
      const answer = await rig.peer.request('PUT', path('v2/send_join', roomId, eventId), pdu, '{"not json');
      expect([400, 401]).toContain(answer.status);
    });

    it('in room versions 1 and 2 takes event ids of the joining server only', async () => {
      const roomId = await makeRoom(rig.alice, { room_version: '1' });
      const { pdu, eventId } = await joinOf(roomId, rig.peer.userId, { event_id: '$taken:test.example' });
      expect(await sendJoin(roomId, eventId, pdu)).toEqual(refusal(400, 'M_INVALID_PARAM'));
    });

    it('refuses users who may not join any more', async () => {
      const roomId = await makeRoom(rig.alice);
      const { pdu, eventId } = await joinOf(roomId);
      await setState(rig.alice, roomId, 'm.room.join_rules', { join_rule: 'invite' });
      expect(await sendJoin(roomId, eventId, pdu)).toEqual(refusal(403, 'M_FORBIDDEN'));
      await setState(rig.alice, roomId, 'm.room.join_rules', { join_rule: 'public' });
      await setState(rig.alice, roomId, 'm.room.server_acl', denying('peer.example'));
      expect(await sendJoin(roomId, eventId, pdu)).toEqual(refusal(403, 'M_FORBIDDEN'));
      expect(await sendJoin('!unknown:test.example', eventId, pdu)).toEqual(refusal(404, 'M_NOT_FOUND'));
    });

    describe('with omit_members', () => {
      const omitting = async (roomId: string, userId = rig.peer.userId, peer: KnownPeer = rig.peer) => {
        const { pdu, eventId } = await joinOf(roomId, userId, {}, peer);
        const { status, body } = await sendJoin(roomId, eventId, pdu, '?omit_members=true', peer);
        expect(status).toBe(200);
        return body;
      };
      const membersIn = (pdus: unknown): unknown[] =>
        (pdus as Pdu[]).filter(({ type }) => type === MEMBER).map(({ state_key: key }) => key);

      it('leaves out members, and names the servers in the room', async () => {
        const roomId = await makeRoom(rig.alice, { name: 'Named' });
        const bob = `@bob:${rig.stranger.serverName}`;
        await rig.stranger.join(roomId, bob);
        const body = await omitting(roomId);
        expect(body['members_omitted']).toBe(true);
        expect((body['servers_in_room'] as string[]).sort()).toEqual([rig.stranger.serverName, 'test.example']);
        expect(membersIn(body['state'])).toEqual([rig.alice.userId]);
        const state = (body['state'] as Pdu[]).map((pdu) => JSON.stringify(pdu));
        for (const pdu of body['auth_chain'] as Pdu[]) expect(state).not.toContain(JSON.stringify(pdu));
      });

      it('names the joining server too when another user of it was there, and none that only left', async () => {
        const roomId = await makeRoom(rig.alice, { name: 'Named' });
        const joined = await rig.stranger.join(roomId);
        const content = { membership: 'leave' };
        const leave = rig.stranger.event(joined, { type: MEMBER, stateKey: rig.stranger.userId, content });
        await rig.stranger.send([leave.pdu]);
        await rig.peer.join(roomId, `@first:${rig.peer.serverName}`);
        const servers = (await omitting(roomId))['servers_in_room'] as string[];
        expect(servers.sort()).toEqual([rig.peer.serverName, 'test.example']);
      });

      it('shows the members who name a room without a name, with what authorises them', async () => {
        const roomId = await makeRoom(rig.alice);
        const bob = `@bob:${rig.stranger.serverName}`;
        await rig.stranger.join(roomId, bob);
        const body = await omitting(roomId);
        expect(membersIn(body['state']).sort()).toEqual([rig.alice.userId, bob]);
        await setState(rig.alice, roomId, 'm.room.name', { name: 'Named now' });
        expect(membersIn((await omitting(roomId, `@c:${rig.peer.serverName}`))['state'])).not.toContain(bob);
      });

      it('shows an invited joiner’s invite', async () => {
        const roomId = await makeRoom(rig.alice, { name: 'Named', preset: 'public_chat' });
        const bob = `@bob:${rig.peer.serverName}`;
        await rig.alice.api.post(inRoom(roomId, 'ban'), { user_id: bob });
        await rig.alice.api.post(inRoom(roomId, 'unban'), { user_id: bob });
        expect(membersIn((await omitting(roomId, bob))['state'])).toContain(bob);
      });
    });
  });

  describe('in restricted rooms', () => {
    const allow = (...roomIds: string[]) => roomIds.map((roomId) => ({ type: 'm.room_membership', room_id: roomId }));
    const restrictedTo = async (...roomIds: string[]): Promise<string> =>
      makeRoom(rig.alice, {
        preset: 'private_chat',
        initial_state: [
          { type: 'm.room.join_rules', state_key: '', content: { join_rule: 'restricted', allow: allow(...roomIds) } },
        ],
      });

    it('let in a member of an allowed room, in a local user’s name', async () => {
      const club = await makeRoom(rig.alice);
      const roomId = await restrictedTo(club);
      expect(await makeJoin(roomId, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
      await rig.peer.join(club);
      const { pdu, eventId } = await joinOf(roomId);
      expect(pdu.content).toEqual({ membership: 'join', join_authorised_via_users_server: rig.alice.userId });
      const { status, body } = await sendJoin(roomId, eventId, pdu);
      expect(status).toBe(200);
      expect(Object.keys((body['event'] as Pdu).signatures!)).toContain('test.example');
      expect(await membershipOf(roomId, rig.peer.userId)).toBe('join');
    });

    it('check the conditions again when the join comes', async () => {
      const club = await makeRoom(rig.alice);
      const roomId = await restrictedTo(club);
      await rig.peer.join(club);
      const { pdu, eventId } = await joinOf(roomId);
      await rig.alice.api.post(inRoom(club, 'kick'), { user_id: rig.peer.userId });
      expect(await sendJoin(roomId, eventId, pdu)).toEqual(refusal(403, 'M_FORBIDDEN'));
      const { join_authorised_via_users_server: _authoriser, ...content } = pdu.content;
      const forged = rig.peer.sign(roomVersion('11'), { ...pdu, content });
      expect(await sendJoin(roomId, forged.eventId, forged.pdu)).toEqual(refusal(403, 'M_FORBIDDEN'));
    });

    it('say when they cannot tell: rooms that this server is not in', async () => {
      const roomId = await restrictedTo('!unknown:elsewhere.example');
      expect(await makeJoin(roomId, rig.peer.userId)).toEqual(refusal(400, 'M_UNABLE_TO_AUTHORISE_JOIN'));
    });

    it('say when another server should be asked: nobody here may invite', async () => {
      const club = await makeRoom(rig.alice);
      const roomId = await restrictedTo(club);
      await rig.peer.join(club);
      await setState(rig.alice, roomId, 'm.room.power_levels', { users: { [rig.alice.userId]: 50 }, invite: 100 });
      expect(await makeJoin(roomId, rig.peer.userId)).toEqual(refusal(400, 'M_UNABLE_TO_GRANT_JOIN'));
    });

    it('fail all conditions when there are none', async () => {
      const roomId = await restrictedTo();
      expect(await makeJoin(roomId, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
      await setState(rig.alice, roomId, 'm.room.join_rules', { join_rule: 'restricted', allow: 'nonsense' });
      expect(await makeJoin(roomId, rig.peer.userId)).toEqual(refusal(403, 'M_FORBIDDEN'));
    });

    it('take no join in the name of a user of another server without its signature', async () => {
      const club = await makeRoom(rig.alice);
      const roomId = await restrictedTo(club);
      await rig.peer.join(club);
      const content = { membership: 'join', join_authorised_via_users_server: '@c:elsewhere.example' };
      const { pdu, eventId } = await joinOf(roomId, rig.peer.userId, { content });
      expect(await sendJoin(roomId, eventId, pdu)).toEqual(refusal(400, 'M_INVALID_PARAM'));
    });

    it('need no name where the user is invited', async () => {
      const roomId = await makeRoom(rig.alice);
      await rig.peer.join(roomId, `@b:${rig.peer.serverName}`);
      await say(rig.alice, roomId, 'hello');
      const { pdu } = await joinOf(roomId, `@c:${rig.peer.serverName}`);
      expect(pdu.content).toEqual({ membership: 'join' });
    });
  });
});
