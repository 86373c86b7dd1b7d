import type { JsonObject } from '#kernel/json';
import type { Pdu, SignedEvent } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';
import { path } from '../../support/known-peer';
import type { Answer } from '../../support/signing-peer';
import type { TestUser } from '../../support/server';
import { ForeignRoom } from './foreign-room';
import { denying, inRoom, makeRoom, refusal, setState, startServers, type ServersRig } from './rig';

const MEMBER = 'm.room.member';
const ALL = knownRoomVersions();
const NAMED_BY_CREATION = ALL.filter((version) => roomVersion(version).createEventIsRoomId);
const NAMED_BY_SERVERS = ALL.filter((version) => !roomVersion(version).createEventIsRoomId);

const forbidden = refusal(403, 'M_FORBIDDEN');
const invalid = refusal(400, 'M_INVALID_PARAM');

describe('invites by other servers’ users', () => {
  let rig: ServersRig;
  let bob: TestUser;
  let count = 0;
  beforeAll(async () => {
    rig = await startServers();
  });
  beforeEach(async () => {
    bob = await rig.server.registerUser(`bob${++count}`);
  });
  afterAll(() => rig.stop());

  const foreignRoom = (version = '11') => new ForeignRoom(rig.peer, version);

  const offer = (room: ForeignRoom, invite: SignedEvent, changes: JsonObject = {}, peer = rig.peer): Promise<Answer> =>
    peer.put(path('v2/invite', room.roomId, invite.eventId), room.offer(invite, changes));

  /** Sends an invite by the operation of old, with the shown state where that has it. */
  const offerOld = (roomId: string, { pdu, eventId }: SignedEvent, shown: readonly Pdu[] = []): Promise<Answer> =>
    rig.peer.put(path('v1/invite', roomId, eventId), { ...pdu, unsigned: { invite_room_state: [...shown] } });

  /** What a user's invites show, by room id. */
  const invitesOf = async ({ api }: TestUser): Promise<Record<string, JsonObject[]>> => {
    const { body } = await api.get('/_matrix/client/v3/sync');
    const rooms = (body['rooms'] ?? {}) as { invite?: Record<string, { invite_state: { events: JsonObject[] } }> };
    return Object.fromEntries(
      Object.entries(rooms.invite ?? {}).map(([roomId, { invite_state: state }]) => [roomId, state.events]),
    );
  };

  const stripped = ({ type, state_key: stateKey, sender, content }: Pdu) => ({
    type,
    state_key: stateKey,
    sender,
    content,
  });

  it.each(ALL)('are signed, and shown to their users with the room, in room version %s', async (version) => {
    const room = foreignRoom(version);
    const invite = room.invite(bob.userId);
    const { status, body } = await offer(room, invite);
    expect(status).toBe(200);
    const { signatures, ...event } = body['event'] as Pdu;
    const { signatures: theirs, ...sent } = invite.pdu;
    expect(event).toEqual(sent);
    expect(Object.keys(signatures!).sort()).toEqual(['peer.example', 'test.example']);
    expect(signatures!['peer.example']).toEqual(theirs!['peer.example']);
    const shown = (await invitesOf(bob))[room.roomId]!;
    expect(shown).toHaveLength(4);
    expect(shown).toEqual(expect.arrayContaining([...room.shown, invite.pdu].map(stripped)));
  });

  it.each(['1', '2'])('come by the old operation too, from rooms of version %s', async (version) => {
    const room = foreignRoom(version);
    const invite = room.invite(bob.userId);
    const { status, body } = await offerOld(room.roomId, invite, room.shown);
    expect(status).toBe(200);
    const [code, { event }] = body as unknown as [number, { event: Pdu }];
    expect(code).toBe(200);
    expect(Object.keys(event.signatures!).sort()).toEqual(['peer.example', 'test.example']);
    expect((await invitesOf(bob))[room.roomId]).toEqual(expect.arrayContaining(room.shown.map(stripped)));
  });

  it.each(['1', '2'])('come by the old operation from known rooms of version %s', async (version) => {
    const roomId = await makeRoom(rig.alice, { room_version: version });
    const eventId = `$invite${version}:${rig.peer.serverName}`;
    const invite = foreignRoom(version).invite(bob.userId, { roomId, eventId });
    expect(await offerOld(roomId, invite)).toMatchObject({ status: 200, body: [200, { event: { room_id: roomId } }] });
  });

  it('come by the old operation from no room of a later version', async () => {
    const roomId = await makeRoom(rig.alice, { room_version: '11' });
    const invite = foreignRoom('1').invite(bob.userId, { roomId });
    expect(await offerOld(roomId, invite)).toEqual(invalid);
    const later = foreignRoom('11');
    expect((await offerOld(later.roomId, later.invite(bob.userId))).status).toBe(400);
    expect(await invitesOf(bob)).toEqual({});
  });

  it('are not taken of room versions that this server does not know', async () => {
    const room = foreignRoom();
    expect(await offer(room, room.invite(bob.userId), { room_version: 'org.unknown' })).toEqual({
      status: 400,
      body: { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', error: expect.any(String), room_version: 'org.unknown' },
    });
  });

  it('are not taken of known rooms with another version than theirs', async () => {
    const roomId = await makeRoom(rig.alice, { room_version: '10' });
    const invite = foreignRoom('11').invite(bob.userId, { roomId });
    const body = { room_version: '11', event: invite.pdu, invite_room_state: [] };
    expect(await rig.peer.put(path('v2/invite', roomId, invite.eventId), body)).toEqual(invalid);
  });

  it('are not taken for nobody', async () => {
    const room = foreignRoom();
    expect(await offer(room, room.invite('@nobody:test.example'))).toEqual(refusal(404, 'M_NOT_FOUND'));
  });

  it.each<[string, (room: ForeignRoom) => SignedEvent]>([
    ['another type', (room) => room.invite(bob.userId, { type: 'm.room.topic' })],
    ['no state key', (room) => room.say({ type: MEMBER, content: { membership: 'invite' } })],
    ['another membership', (room) => room.invite(bob.userId, { content: { membership: 'join' } })],
    ['a sender of another server', (room) => room.invite(bob.userId, { sender: '@mallory:stranger.example' })],
    ['a local sender', (room) => room.invite(bob.userId, { sender: rig.alice.userId })],
    ['a user of another server', (room) => room.invite('@carol:stranger.example')],
    ['a user of the asking server', (room) => room.invite('@carol:peer.example')],
    ['a state key that is no user', (room) => room.invite('bob')],
    ['another room', (room) => room.invite(bob.userId, { roomId: '!another:peer.example' })],
  ])('are not signed with %s', async (_, make) => {
    const room = foreignRoom();
    const answer = await offer(room, make(room));
    expect(answer.status).toBe(400);
    expect(answer.body['errcode']).toMatch(/^M_(INVALID|MISSING)_PARAM$/);
    expect(await invitesOf(bob)).toEqual({});
  });

  it('are not signed when signature or hash do not hold', async () => {
    const room = foreignRoom();
    const { pdu, eventId } = room.invite(bob.userId);
    const madeUp = { [rig.peer.serverName]: { [rig.peer.key.keyId]: 'A'.repeat(86) } };
    const ofAnother = { [rig.stranger.serverName]: { [rig.peer.key.keyId]: 'A'.repeat(86) } };
    for (const signatures of [{}, madeUp, ofAnother]) {
      expect(await offer(room, { ...room.invite(bob.userId), eventId, pdu: { ...pdu, signatures } })).toEqual(invalid);
    }
    const swapped = { ...pdu, content: { membership: 'invite', reason: 'swapped' } };
    expect(await offer(room, { ...room.invite(bob.userId), eventId, pdu: swapped })).toEqual(invalid);
    expect(await invitesOf(bob)).toEqual({});
  });

  it('are not signed with another id than the path has', async () => {
    const room = foreignRoom();
    const invite = room.invite(bob.userId);
    expect(await offer(room, { ...invite, eventId: '$another' })).toEqual(invalid);
  });

  it('are not taken by users who want none, nor for closed accounts', async () => {
    const wishes = `/_matrix/client/v3/user/${encodeURIComponent(bob.userId)}/account_data/m.invite_permission_config`;
    await bob.api.call('PUT', wishes, { body: { default_action: 'block' } });
    const room = foreignRoom();
    expect(await offer(room, room.invite(bob.userId))).toEqual(refusal(403, 'M_INVITE_BLOCKED'));
    await bob.api.call('PUT', wishes, { body: {} });
    const auth = { type: 'm.login.password', user: bob.userId, password: bob.password };
    await bob.api.call('POST', '/_matrix/client/v3/account/deactivate', { body: { auth } });
    expect(await offer(room, room.invite(bob.userId))).toEqual(forbidden);
  });

  it('are not taken from servers that the room shuts out', async () => {
    const roomId = await makeRoom(rig.alice);
    await setState(rig.alice, roomId, 'm.room.server_acl', denying('peer.example'));
    const invite = foreignRoom().invite(bob.userId, { roomId });
    const body = { room_version: '11', event: invite.pdu, invite_room_state: [] };
    expect(await rig.peer.put(path('v2/invite', roomId, invite.eventId), body)).toEqual(forbidden);
  });

  it('into rooms that this server is in are signed, and wait for the event of the room', async () => {
    const roomId = await makeRoom(rig.alice, { power_level_content_override: { invite: 0 } });
    const joined = await rig.peer.join(roomId);
    const content = { membership: 'invite' };
    const { pdu, eventId } = rig.peer.event(joined, { type: MEMBER, stateKey: bob.userId, content });
    const body = { room_version: '11', event: pdu, invite_room_state: [] };
    const { status, body: answer } = await rig.peer.put(path('v2/invite', roomId, eventId), body);
    expect(status).toBe(200);
    expect(await invitesOf(bob)).toEqual({});
    expect(await rig.peer.send([answer['event'] as Pdu])).toEqual({ [eventId]: {} });
    expect(Object.keys(await invitesOf(bob))).toEqual([roomId]);
    const membership = inRoom(roomId, `state/${MEMBER}/${encodeURIComponent(bob.userId)}`);
    expect((await rig.alice.api.get(membership)).body).toEqual(content);
  });

  describe('with what they show of the room', () => {
    it.each(NAMED_BY_SERVERS)(
      'take state without the create event, or in its short form, in room version %s',
      async (v) => {
        const [bare, short] = [foreignRoom(v), foreignRoom(v)];
        expect((await offer(bare, bare.invite(bob.userId), { invite_room_state: [] })).status).toBe(200);
        const shown = short.shown.map(stripped) as unknown as JsonObject[];
        expect((await offer(short, short.invite(bob.userId), { invite_room_state: shown })).status).toBe(200);
        expect((await invitesOf(bob))[short.roomId]).toEqual(expect.arrayContaining(shown));
      },
    );

    describe.each(NAMED_BY_CREATION)('in room version %s', (version) => {
      let room: ForeignRoom;
      beforeEach(() => {
        room = foreignRoom(version);
      });
      const offerWith = (...state: JsonObject[]) => offer(room, room.invite(bob.userId), { invite_room_state: state });

      it('want it', async () => {
        const { pdu, eventId } = room.invite(bob.userId);
        const body = { room_version: version, event: pdu };
        const answer = await rig.peer.put(path('v2/invite', room.roomId, eventId), body);
        expect(answer).toEqual(refusal(400, 'M_MISSING_PARAM'));
        expect(await invitesOf(bob)).toEqual({});
      });

      it('want the create event in it, whole', async () => {
        const short = stripped(room.create.pdu) as unknown as JsonObject;
        const another = foreignRoom(version).create.pdu;
        for (const state of [[], [room.name.pdu], [short], [another]])
          expect(await offerWith(...state)).toEqual(invalid);
        expect(await invitesOf(bob)).toEqual({});
      });

      it('want all events in it in the form of the room version', async () => {
        const short = stripped(room.name.pdu) as unknown as JsonObject;
        const unhashed = { ...room.name.pdu, depth: 'deep' };
        for (const one of [short, unhashed]) expect(await offerWith(room.create.pdu, one)).toEqual(invalid);
        const message = room.say({ type: 'm.room.message', content: { msgtype: 'm.text', body: 'no state' } });
        expect(await offerWith(room.create.pdu, message.pdu)).toEqual(invalid);
        expect(await invitesOf(bob)).toEqual({});
      });

      it('want all events in it to be of the room', async () => {
        expect(await offerWith(room.create.pdu, foreignRoom(version).name.pdu)).toEqual(invalid);
      });

      it('want all events in it signed', async () => {
        const madeUp = { [rig.peer.serverName]: { [rig.peer.key.keyId]: 'A'.repeat(86) } };
        for (const signatures of [{}, madeUp]) {
          expect(await offerWith(room.create.pdu, { ...room.name.pdu, signatures })).toEqual(invalid);
          expect(await offerWith({ ...room.create.pdu, signatures })).toEqual(invalid);
        }
        expect(await invitesOf(bob)).toEqual({});
      });

      it('show nothing that their senders did not sign', async () => {
        const renamed = { ...room.name.pdu, content: { name: 'Another name' }, unsigned: { hearsay: true } };
        expect((await offerWith(room.create.pdu, renamed)).status).toBe(200);
        const shown = (await invitesOf(bob))[room.roomId]!;
        expect(shown).toContainEqual({ ...stripped(room.name.pdu), content: {} });
        expect(JSON.stringify(shown)).not.toMatch(/Another name|hearsay/);
      });
    });
  });
});
