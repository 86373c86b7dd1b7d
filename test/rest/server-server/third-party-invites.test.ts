import { randomBytes } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { knownRoomVersions, roomVersion } from '#protocol/room-versions';
import { signJson, SigningKey } from '#protocol/signing/index';
import { eventually } from '../../federation/people';
import { bodyOf, HostileServer, send } from '../../federation/hostile-server';
import { IdentityServer } from '../../support/identity-server';
import { makePrivateCa, type PrivateCa } from '../../support/private-ca';
import { path, type Answer } from '../../support/signing-peer';
import { startTestServer, type TestServer, type TestUser } from '../../support/server';
import { denying, inRoom, makeRoom, refusal, setState } from './rig';

const MEMBER = 'm.room.member';
const INVITATION = 'm.room.third_party_invite';
const ALL = knownRoomVersions();

const forbidden = refusal(403, 'M_FORBIDDEN');

describe('invites by address', () => {
  let ca: PrivateCa;
  let server: TestServer;
  let alice: TestUser;
  /** Another homeserver, which answers as a test has it. */
  let peer: HostileServer;
  let identity: IdentityServer;
  let tokens = 0;
  beforeAll(async () => {
    ca = makePrivateCa();
    const federation = { ca_certificates: [ca.caFile], allow_private_networks: true };
    server = await startTestServer({ server_name: 'test.example', federation });
    peer = await HostileServer.start(ca, server);
    alice = await server.registerUser('alice');
  });
  beforeEach(async () => {
    identity = await IdentityServer.start(ca);
    peer.asked.length = 0;
    peer.answerWith(async (request, response) => {
      const { event, room_version: version } = (await bodyOf(request)) as { event: Pdu; room_version: string };
      send(response, 200, { event: peer.sign(roomVersion(version), event).pdu });
    });
  });
  afterEach(() => identity.stop());
  afterAll(async () => {
    await peer.stop();
    await server.stop();
    ca.remove();
  });

  /** A room for invited users only, in which alice has invited an address; its id and the invitation's token. */
  const invitedByAddress = async (version = '11', changes: JsonObject = {}) => {
    const roomId = await makeRoom(alice, { preset: 'private_chat', room_version: version });
    const token = `token${++tokens}`;
    await setState(alice, roomId, INVITATION, identity.invitation(changes), token);
    return { roomId, token, signed: identity.signed(peer.userId, token) };
  };

  /** What the invited user's server asks of alice's. */
  const request = (roomId: string, signed: JsonObject, changes: JsonObject = {}) => ({
    type: MEMBER,
    room_id: roomId,
    sender: alice.userId,
    state_key: signed['mxid'] as string,
    content: { membership: 'invite', third_party_invite: { display_name: 'Chosen by the invited', signed } },
    ...changes,
  });

  const exchange = (roomId: string, signed: JsonObject, changes: JsonObject = {}): Promise<Answer> =>
    peer.put(path('v1/exchange_third_party_invite', roomId), request(roomId, signed, changes));

  const memberOf = async (roomId: string, userId = peer.userId): Promise<JsonObject | undefined> => {
    const { status, body } = await alice.api.get(inRoom(roomId, `state/${MEMBER}/${encodeURIComponent(userId)}`));
    return status === 404 ? undefined : body;
  };

  const invitesOf = async ({ api }: TestUser): Promise<string[]> => {
    const { body } = await api.get('/_matrix/client/v3/sync');
    return Object.keys((body['rooms'] as { invite?: JsonObject } | undefined)?.invite ?? {});
  };

  describe('PUT exchange_third_party_invite', () => {
    it.each(ALL)('invites the user who has the address, in room version %s', async (version) => {
      const { roomId, signed } = await invitedByAddress(version);
      expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
      expect(peer.askedFor('invite')).toBe(1);
      expect(await memberOf(roomId)).toEqual({
        membership: 'invite',
        third_party_invite: { display_name: 'b...@e...', signed },
      });
    });

    it('lets the invited user in', async () => {
      const { roomId, signed } = await invitedByAddress();
      await exchange(roomId, signed);
      await peer.join(roomId);
      expect(await memberOf(roomId)).toMatchObject({ membership: 'join' });
    });

    it('does so while the invitation stands, though the inviter has left', async () => {
      const { roomId, signed } = await invitedByAddress();
      const bob = await server.registerUser(`bob${tokens}`);
      await alice.api.call('POST', inRoom(roomId, 'invite'), { body: { user_id: bob.userId } });
      await bob.api.call('POST', inRoom(roomId, 'join'));
      await alice.api.call('POST', inRoom(roomId, 'leave'));
      expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
    });

    it('does nothing for users who are in the room or invited already', async () => {
      const { roomId, signed } = await invitedByAddress();
      await exchange(roomId, signed);
      expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
      expect(peer.askedFor('invite')).toBe(1);
      await peer.join(roomId);
      expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
      expect(await memberOf(roomId)).toMatchObject({ membership: 'join' });
    });

    it('refuses banned users', async () => {
      const { roomId, signed } = await invitedByAddress();
      await alice.api.call('POST', inRoom(roomId, 'ban'), { body: { user_id: peer.userId } });
      expect(await exchange(roomId, signed)).toEqual(forbidden);
      expect(await memberOf(roomId)).toMatchObject({ membership: 'ban' });
    });

    it('refuses what is not signed by a key of the invitation', async () => {
      const { roomId, token, signed } = await invitedByAddress();
      const stranger = SigningKey.fromSeed('ed25519:0', randomBytes(32));
      const others = [
        signJson({ mxid: peer.userId, token }, 'id.example', stranger),
        { ...signed, mxid: peer.userId, signatures: {} },
        { ...signed, more: 'unsigned' },
      ];
      for (const other of others) expect(await exchange(roomId, other)).toEqual(forbidden);
      expect(identity.asked).toEqual([]);
      expect(await memberOf(roomId)).toBeUndefined();
    });

    it('takes the signature by any key of the invitation', async () => {
      const further = SigningKey.fromSeed('ed25519:1', randomBytes(32));
      const keys = [{ public_key: further.publicKey, key_validity_url: identity.validityUrl }];
      const { roomId, token } = await invitedByAddress('11', { public_keys: keys });
      const signed = signJson({ mxid: peer.userId, token }, 'id.example', further);
      expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
      expect(identity.asked).toEqual([further.publicKey]);
    });

    it('does not find tokens that no invitation has, nor those that were taken back', async () => {
      const { roomId, token, signed } = await invitedByAddress();
      const unknown = identity.signed(peer.userId, 'unknown');
      expect(await exchange(roomId, unknown)).toEqual(refusal(404, 'M_NOT_FOUND'));
      await setState(alice, roomId, INVITATION, {}, token);
      expect(await exchange(roomId, signed)).toEqual(forbidden);
    });

    it('does not find rooms that this server has left', async () => {
      const { roomId, signed } = await invitedByAddress();
      await alice.api.call('POST', inRoom(roomId, 'leave'));
      expect(await exchange(roomId, signed)).toEqual(refusal(404, 'M_NOT_FOUND'));
      expect(peer.askedFor('invite')).toBe(0);
    });

    it('is for users of the asking server, and in the name of who invited', async () => {
      const { roomId, token, signed } = await invitedByAddress();
      expect(await exchange(roomId, identity.signed('@bob:elsewhere.example', token))).toEqual(forbidden);
      expect(await exchange(roomId, signed, { sender: '@bob:test.example' })).toEqual(forbidden);
      const stateKey = `@other:${peer.serverName}`;
      expect(await exchange(roomId, signed, { state_key: stateKey })).toEqual(refusal(400, 'M_INVALID_PARAM'));
      expect(peer.askedFor('invite')).toBe(0);
    });

    it('takes only an invite, of the room of the path', async () => {
      const { roomId, signed } = await invitedByAddress();
      const invalid = refusal(400, 'M_INVALID_PARAM');
      const { content } = request(roomId, signed);
      expect(await exchange(roomId, signed, { room_id: '!other:test.example' })).toEqual(invalid);
      expect(await exchange(roomId, signed, { type: 'm.room.topic' })).toEqual(invalid);
      expect(await exchange(roomId, signed, { content: { ...content, membership: 'join' } })).toEqual(invalid);
      const unsigned = { membership: 'invite', third_party_invite: { display_name: 'm' } };
      expect(await exchange(roomId, signed, { content: unsigned })).toEqual(refusal(400, 'M_MISSING_PARAM'));
      expect(await exchange('!unknown:test.example', signed)).toEqual(refusal(404, 'M_NOT_FOUND'));
    });

    it('refuses servers that the room shuts out', async () => {
      const { roomId, signed } = await invitedByAddress();
      await setState(alice, roomId, 'm.room.server_acl', denying('localhost'));
      expect(await exchange(roomId, signed)).toEqual(forbidden);
    });

    describe('with a key of the identity server', () => {
      it('asks it whether the key is still good', async () => {
        const { roomId, signed } = await invitedByAddress();
        expect((await exchange(roomId, signed)).status).toBe(200);
        expect(identity.asked).toEqual([identity.key.publicKey]);
      });

      it.each([
        ['is revoked', { status: 200, body: { valid: false } }],
        ['is unknown', { status: 404, body: { errcode: 'M_NOT_FOUND', error: 'Unknown key' } }],
        ['gets no plain answer', { status: 200, body: { valid: 'true' } }],
      ])('that %s, refuses', async (_, answer) => {
        identity.answer = answer;
        const { roomId, signed } = await invitedByAddress();
        expect(await exchange(roomId, signed)).toEqual(forbidden);
        expect(peer.askedFor('invite')).toBe(0);
        expect(await memberOf(roomId)).toBeUndefined();
      });

      it('of which nothing can be learnt now, says so, and invites later', async () => {
        identity.answer = { status: 503, body: 'down' };
        const { roomId, signed } = await invitedByAddress();
        expect(await exchange(roomId, signed)).toEqual(refusal(502, 'M_CONNECTION_FAILED'));
        identity.answer = { status: 200, body: { valid: true } };
        expect(await exchange(roomId, signed)).toEqual({ status: 200, body: {} });
      });

      it('that has no URL, asks nobody: such keys are good for ever', async () => {
        const key = { public_key: identity.key.publicKey };
        const { roomId, token } = await invitedByAddress('11', {
          public_key: SigningKey.fromSeed('ed25519:1', randomBytes(32)).publicKey,
          public_keys: [key],
        });
        expect(await exchange(roomId, identity.signed(peer.userId, token))).toEqual({ status: 200, body: {} });
        expect(identity.asked).toEqual([]);
      });

      it.each(['nonsense', 'file:///etc/passwd', 'https://user:secret@127.0.0.1/', 5])(
        'whose URL is %j, refuses',
        async (url) => {
          const { roomId, signed } = await invitedByAddress('11', { key_validity_url: url, public_keys: [] });
          expect(await exchange(roomId, signed)).toEqual(forbidden);
          expect(await memberOf(roomId)).toBeUndefined();
        },
      );
    });
  });

  describe('PUT 3pid/onbind', () => {
    const bind = (mxid: string, ...invites: JsonObject[]) =>
      server.api().put('/_matrix/federation/v1/3pid/onbind', {
        medium: 'email',
        address: 'bob@example.com',
        mxid,
        invites: invites.map((invite) => ({ medium: 'email', address: 'bob@example.com', mxid, ...invite })),
      });
    const inviteOf = (roomId: string, mxid: string, token: string, sender = alice.userId): JsonObject => ({
      room_id: roomId,
      sender,
      signed: identity.signed(mxid, token),
    });
    let bob: TestUser;
    beforeEach(async () => {
      bob = await server.registerUser(`carol${++tokens}`);
    });

    it.each(ALL)('invites a local user whom a local user invited, in room version %s', async (version) => {
      const { roomId, token } = await invitedByAddress(version);
      expect(await bind(bob.userId, inviteOf(roomId, bob.userId, token))).toMatchObject({ status: 200, body: {} });
      await eventually(async () => expect(await invitesOf(bob)).toEqual([roomId]));
      expect(await memberOf(roomId, bob.userId)).toEqual({
        membership: 'invite',
        third_party_invite: { display_name: 'b...@e...', signed: identity.signed(bob.userId, token) },
      });
      expect(identity.asked).toEqual([identity.key.publicKey]);
      await bob.api.call('POST', inRoom(roomId, 'join'));
    });

    it('asks the server of an inviter elsewhere for the invite', async () => {
      const asked: JsonObject[] = [];
      peer.answerWith(async (incoming, response) => {
        asked.push((await bodyOf(incoming)) as JsonObject);
        send(response, 200, {});
      });
      const roomId = `!elsewhere:${peer.serverName}`;
      const invite = inviteOf(roomId, bob.userId, 'theirs', peer.userId);
      expect((await bind(bob.userId, invite)).status).toBe(200);
      await eventually(async () => expect(asked).toHaveLength(1));
      expect(peer.askedFor('exchange_third_party_invite')).toBe(1);
      const byAddress = { display_name: '', signed: identity.signed(bob.userId, 'theirs') };
      expect(asked[0]).toEqual({
        type: MEMBER,
        room_id: roomId,
        sender: peer.userId,
        state_key: bob.userId,
        content: { membership: 'invite', third_party_invite: byAddress },
      });
    });

    it('issues every invite that can be, whatever the others are', async () => {
      const [first, second] = [await invitedByAddress(), await invitedByAddress()];
      const answer = await bind(
        bob.userId,
        inviteOf('!unknown:test.example', bob.userId, 'unknown'),
        inviteOf(first.roomId, bob.userId, first.token),
        inviteOf(first.roomId, bob.userId, 'unknown'),
        inviteOf(second.roomId, bob.userId, second.token, '@nobody'),
        inviteOf(second.roomId, bob.userId, second.token),
      );
      expect(answer.status).toBe(200);
      const both = [first.roomId, second.roomId].sort();
      await eventually(async () => expect((await invitesOf(bob)).sort()).toEqual(both));
    });

    it('makes no invite for what was signed for another user, or with a key that is revoked', async () => {
      const { roomId, token } = await invitedByAddress();
      identity.answer = { status: 200, body: { valid: false } };
      const forAnother = { ...inviteOf(roomId, bob.userId, token), signed: identity.signed(alice.userId, token) };
      await bind(bob.userId, forAnother, inviteOf(roomId, bob.userId, token));
      await eventually(async () => expect(identity.asked).toHaveLength(1));
      const good = await invitedByAddress();
      identity.answer = { status: 200, body: { valid: true } };
      await bind(bob.userId, inviteOf(good.roomId, bob.userId, good.token));
      await eventually(async () => expect(await invitesOf(bob)).toEqual([good.roomId]));
      expect(await memberOf(roomId, bob.userId)).toBeUndefined();
    });

    it('makes no invite for a user who wants none', async () => {
      const wishes = `/_matrix/client/v3/user/${encodeURIComponent(bob.userId)}/account_data/m.invite_permission_config`;
      await bob.api.call('PUT', wishes, { body: { default_action: 'block' } });
      const { roomId, token } = await invitedByAddress();
      const asked = jest.spyOn(server.domain.membership, 'checkInvite');
      await bind(bob.userId, inviteOf(roomId, bob.userId, token));
      // The answer comes before the invite would, so what bob wishes must stay until it was asked for.
      await eventually(async () => expect(asked).toHaveBeenCalledTimes(1));
      await expect(asked.mock.results[0]!.value).rejects.toMatchObject({ errcode: 'M_INVITE_BLOCKED' });
      asked.mockRestore();
      await bob.api.call('PUT', wishes, { body: {} });
      const good = await invitedByAddress();
      await bind(bob.userId, inviteOf(good.roomId, bob.userId, good.token));
      await eventually(async () => expect(await invitesOf(bob)).toEqual([good.roomId]));
      expect(await memberOf(roomId, bob.userId)).toBeUndefined();
    });

    it('takes nobody out of a room who is in it', async () => {
      const { roomId, token } = await invitedByAddress();
      const invite = inviteOf(roomId, bob.userId, token);
      await bind(bob.userId, invite);
      await eventually(async () => expect(await invitesOf(bob)).toEqual([roomId]));
      await bob.api.call('POST', inRoom(roomId, 'join'));
      const good = await invitedByAddress();
      await bind(bob.userId, invite, inviteOf(good.roomId, bob.userId, good.token));
      await eventually(async () => expect(await invitesOf(bob)).toEqual([good.roomId]));
      expect(await memberOf(roomId, bob.userId)).toMatchObject({ membership: 'join' });
    });

    it('knows only users of this server', async () => {
      for (const mxid of ['@nobody:test.example', '@bob:elsewhere.example']) {
        expect(await bind(mxid)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
      }
      expect((await server.api().put('/_matrix/federation/v1/3pid/onbind', { mxid: bob.userId })).body).toMatchObject({
        errcode: 'M_MISSING_PARAM',
      });
    });
  });
});
