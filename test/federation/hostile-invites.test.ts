import { randomBytes } from 'node:crypto';
import type { JsonObject, JsonValue } from '#kernel/json';
import { buildEvent, hashAndSign } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { SigningKey } from '#protocol/signing/index';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { bodyOf, HostileServer, path, send, type Forgery } from './hostile-server';
import { eventually, makeRoom, stateOf, syncOf, type Person } from './people';

const MEMBER = 'm.room.member';

describe('a hostile server that invites', () => {
  let scene: HostileScene;
  let guest: Person;
  let foreign: string;
  beforeAll(async () => {
    scene = await startHostileScene();
    guest = await scene.person('guest');
    foreign = `!foreign:${scene.hostile.serverName}`;
  });
  afterAll(() => scene.stop());

  const invite = (forgery: Forgery = {}) =>
    scene.hostile.event(scene.room, {
      roomId: foreign,
      type: MEMBER,
      stateKey: guest.userId,
      content: { membership: 'invite' },
      ...forgery,
    });
  const offer = (
    { pdu, eventId }: ReturnType<typeof invite>,
    state: readonly JsonValue[] = [],
    more: JsonObject = {},
  ) =>
    scene.offer('v2/invite', pdu.room_id!, eventId, {
      room_version: '11',
      event: pdu,
      invite_room_state: [...state],
      ...more,
    });
  const invitesOf = async (person: Person) => (await syncOf(person)).invite ?? {};

  it('row 49: has only its own users invite only users of ours', async () => {
    const strangers = [
      { sender: '@boss:trusted.example' },
      { sender: scene.alice.userId },
      { stateKey: '@somebody:example.org' },
      { stateKey: `@nobody:${scene.victim.config.server_name}` },
      { stateKey: scene.hostile.userId },
      { content: { membership: 'join' } },
      { type: 'm.room.topic' },
    ];
    for (const forgery of strangers) {
      const answer = await offer(invite(forgery));
      expect([400, 403, 404]).toContain(answer.status);
      expect(answer.body).not.toHaveProperty('event');
    }
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 30: invites nobody whose account is closed, nor asks such users’ profiles', async () => {
    const gone = await scene.victim.registerUser('gone');
    const auth = { type: 'm.login.password', identifier: { type: 'm.id.user', user: 'gone' }, password: gone.password };
    expect((await gone.api.post('/_matrix/client/v3/account/deactivate', { auth })).status).toBe(200);
    const answer = await offer(invite({ stateKey: gone.userId }));
    expect(answer).toEqual(refused(403, 'M_FORBIDDEN'));
    expect(answer.body).not.toHaveProperty('event');
    const profile = (userId: string) =>
      scene.hostile.get(`/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(userId)}`);
    expect((await profile(gone.userId)).body).not.toHaveProperty('displayname');
    expect(await profile('@never:victim.example')).toEqual(refused(404, 'M_NOT_FOUND'));
  });

  it.each([
    '@GUEST:victim.example',
    '@guest:VICTIM.example',
    '@guest :victim.example',
    '@guest:victim.example:443',
    '@guest:victim.example.',
    'guest',
    '@:victim.example',
    `@${'g'.repeat(300)}:victim.example`,
    '@guest\0:victim.example',
  ])('row 49: invites nobody under a name like that of a user: %j', async (stateKey) => {
    const answer = await offer(invite({ stateKey }));
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.body).not.toHaveProperty('event');
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 49: gets no event of a newer room version signed by the operation for the oldest', async () => {
    const event = invite();
    const answer = await scene.offer('v1/invite', foreign, event.eventId, event.pdu);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain('signatures');
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 49: gets no event signed whose id is of this server, in versions where its maker chooses it', async () => {
    const version = roomVersion('2');
    const signed = (eventId: string) => {
      const pdu = buildEvent(version, {
        roomId: foreign,
        type: MEMBER,
        sender: scene.hostile.userId,
        stateKey: guest.userId,
        content: { membership: 'invite' },
        prevEvents: [],
        authEvents: [],
        depth: 5,
        originServerTs: Date.now(),
        eventId,
        hashOf: () => '',
      });
      return scene.hostile.sign(version, pdu);
    };
    for (const eventId of ['$ours:victim.example', '$theirs:trusted.example']) {
      const answer = await offer(signed(eventId), [], { room_version: '2' });
      expect([400, 403]).toContain(answer.status);
      expect(answer.body).not.toHaveProperty('event');
    }
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 49: invites in nobody else’s name by saying that it is by address, which needs nobody’s signature', async () => {
    const content = { membership: 'invite', third_party_invite: { display_name: 'm', signed: {} } };
    const forged = hashAndSign(
      scene.room.version,
      invite({ sender: '@boss:trusted.example', content }).pdu,
      'trusted.example',
      SigningKey.fromSeed('ed25519:made_up', randomBytes(32)),
    );
    expect(await offer(forged)).toEqual(refused(400, 'M_INVALID_PARAM'));
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 6: does not do so without its signature, or with another content than it signed', async () => {
    const { pdu, eventId } = invite();
    expect((await offer({ ...invite(), pdu: { ...pdu, signatures: {} }, eventId })).status).toBe(400);
    const swapped = { ...pdu, content: { membership: 'invite', displayname: 'swapped' } };
    expect((await offer({ ...invite(), pdu: swapped, eventId })).status).toBe(400);
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 26: names a room version that exists, and that is the room’s', async () => {
    const event = invite();
    expect((await offer(event, [], { room_version: 'org.unknown' })).status).toBe(400);
    expect((await offer(event, [], { room_version: '1' })).status).toBe(400);
    expect((await offer(event, [], { room_version: '12' })).status).toBe(400);
    expect(await invitesOf(guest)).toEqual({});
  });

  it('row 29, row 39: shows a bad and oversized state in part, and syncs go on', async () => {
    const big = {
      type: 'm.room.topic',
      state_key: '',
      sender: scene.hostile.userId,
      content: { topic: 'x'.repeat(60_000) },
    };
    const odd: JsonValue[] = [
      { type: 5 },
      { content: null },
      { type: 'm.room.name', state_key: '', sender: 7, content: {} },
      { type: 'm.room.name', state_key: '', sender: scene.hostile.userId, content: 'text' },
      { type: 'm.room.name', sender: scene.hostile.userId, content: { name: 'no state key' } },
    ];
    const many = Array.from({ length: 10 }, (_, i) => ({ ...big, state_key: String(i) }));
    const event = invite({ content: { membership: 'invite', reason: 'shown' } });
    expect(
      (
        await offer(
          event,
          Array.from({ length: 30 }, () => big),
        )
      ).status,
    ).toBe(413);
    expect((await offer(event, [...odd, ...many])).status).toBe(200);
    await eventually(async () => expect(Object.keys(await invitesOf(guest))).toEqual([foreign]));
    const shown = JSON.stringify(await invitesOf(guest));
    expect(shown.length).toBeLessThan(80_000);
    expect(shown).not.toContain('no state key');
  });

  it('row 39: puts no unsigned data, nor another invite than its own, into what is shown', async () => {
    const roomId = `!unsigned:${scene.hostile.serverName}`;
    const event = invite({ roomId });
    const unsigned = {
      prev_content: { membership: 'join' },
      age: 5,
      redacted_because: event.pdu,
      invite_room_state: [event.pdu],
    };
    const lie = {
      type: MEMBER,
      state_key: guest.userId,
      sender: scene.alice.userId,
      content: { membership: 'join' },
      unsigned,
    };
    const answer = await offer({ ...event, pdu: { ...event.pdu, unsigned } }, [lie]);
    expect(answer.status).toBe(200);
    const shown = (await invitesOf(guest))[roomId] as { invite_state: { events: JsonObject[] } };
    const own = shown.invite_state.events.filter((one) => one['state_key'] === guest.userId);
    expect(own).toEqual([
      { type: MEMBER, state_key: guest.userId, sender: scene.hostile.userId, content: { membership: 'invite' } },
    ]);
    expect(JSON.stringify(shown)).not.toContain('unsigned');
  });

  it('row 49: gets the one event signed that it brought, and nothing else', async () => {
    const event = invite({ roomId: `!signed:${scene.hostile.serverName}`, content: { membership: 'invite' } });
    const { body } = await offer(event);
    const { signatures, ...signed } = body['event'] as JsonObject;
    expect(signed).toEqual({ ...event.pdu, signatures: undefined });
    expect(Object.keys(signatures as JsonObject).sort()).toEqual([scene.hostile.serverName, 'victim.example'].sort());
  });

  it('row 42: brings a room of version 12 with the event that makes it', async () => {
    const roomId = `!${'A'.repeat(43)}`;
    const { version } = await scene.anotherRoom({ room_version: '12' });
    const create = {
      type: 'm.room.create',
      state_key: '',
      sender: scene.alice.userId,
      content: { room_version: '12' },
    };
    const event = scene.hostile.event(
      { ...scene.room, version },
      { roomId, type: MEMBER, stateKey: guest.userId, content: { membership: 'invite' } },
    );
    for (const state of [[], [create]]) {
      expect(await offer(event, state, { room_version: '12' })).toEqual(refused(400, 'M_INVALID_PARAM'));
    }
  });

  it('row 29: floods one user with invites, of which so many are kept, and those of others', async () => {
    const flooded = await scene.person('flooded');
    const other = await HostileServer.start(scene.ca, scene.victim);
    const welcome = other.event(scene.room, {
      roomId: `!welcome:${other.serverName}`,
      type: MEMBER,
      stateKey: flooded.userId,
      content: { membership: 'invite' },
    });
    const body = { room_version: '11', event: welcome.pdu, invite_room_state: [] };
    expect((await other.put(path('v2/invite', welcome.pdu.room_id!, welcome.eventId), body)).status).toBe(200);
    await other.stop();
    for (let n = 0; n < 540; n += 20) {
      const some = Array.from({ length: 20 }, (_, i) =>
        invite({ roomId: `!flood${n + i}:${scene.hostile.serverName}`, stateKey: flooded.userId }),
      );
      await Promise.all(some.map(async (one) => expect((await offer(one)).status).toBe(200)));
    }
    const kept = Object.keys(await invitesOf(flooded));
    expect(kept).toHaveLength(500);
    expect(kept).toContain(welcome.pdu.room_id);
  });

  describe('whose users are invited', () => {
    it('row 49: gives back what it signed; nothing but its signature is taken', async () => {
      const roomId = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
      scene.hostile.answerWith(async (request, response) => {
        const { event } = (await bodyOf(request)) as { event: JsonObject };
        const signed = scene.hostile.sign(scene.room.version, event as never).pdu;
        send(response, 200, { event: { ...signed, content: { membership: 'join' }, sender: scene.hostile.userId } });
      });
      const answer = await scene.alice.api('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, {
        user_id: scene.hostile.userId,
      });
      expect(answer.status).toBe(200);
      expect(await stateOf(scene.alice, roomId, MEMBER, scene.hostile.userId)).toEqual({ membership: 'invite' });
    });

    it.each([
      ['nothing', {}],
      ['no signature', { event: { signatures: {} } }],
      ['a list', []],
    ])('row 49: gives back %s, and the user is not invited', async (_, body) => {
      const roomId = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
      scene.hostile.answers({ invite: body });
      const answer = await scene.alice.api('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, {
        user_id: scene.hostile.userId,
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect((await stateOf(scene.alice, roomId, MEMBER, scene.hostile.userId))['membership']).toBeUndefined();
    });

    it('row 29: is sent a state that fits, however large the room’s', async () => {
      const filling = 'x'.repeat(60_000);
      const contents: Readonly<Record<string, JsonObject>> = {
        'm.room.name': { name: 'n' },
        'm.room.topic': { topic: 't' },
        'm.room.avatar': { url: 'mxc://victim.example/a' },
        'm.room.encryption': { algorithm: 'm.x' },
        'm.room.join_rules': { join_rule: 'invite' },
      };
      const roomId = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
      for (const [type, content] of Object.entries(contents)) {
        const put = `/rooms/${encodeURIComponent(roomId)}/state/${type}/`;
        expect((await scene.alice.api('PUT', put, { ...content, filling })).status).toBe(200);
      }
      let sent = 0;
      scene.hostile.answerWith(async (request, response) => {
        const body = (await bodyOf(request)) as { event: JsonObject; invite_room_state: JsonValue[] };
        sent = JSON.stringify(body.invite_room_state).length;
        expect(JSON.stringify(body.invite_room_state)).toContain('m.room.create');
        send(response, 200, { event: scene.hostile.sign(scene.room.version, body.event as never).pdu });
      });
      const answer = await scene.alice.api('POST', `/rooms/${encodeURIComponent(roomId)}/invite`, {
        user_id: scene.hostile.userId,
      });
      expect(answer.status).toBe(200);
      expect(sent).toBeGreaterThan(0);
      expect(sent).toBeLessThan(300_000);
    });
  });
});
