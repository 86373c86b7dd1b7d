import { randomBytes } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import type { Pdu } from '#protocol/events/index';
import { SigningKey } from '#protocol/signing/index';
import { refused, startHostileScene, type HostileScene } from './hostile-scene';
import { path, type Forgery, type JoinedRoom } from './hostile-server';
import { at, makeRoom, stateOf } from './people';

const MEMBER = 'm.room.member';
const AUTHORISER = 'join_authorised_via_users_server';
const PUTS = [
  ['v2/send_join', 'join'],
  ['v2/send_leave', 'leave'],
  ['v1/send_knock', 'knock'],
] as const;
const REFUSALS = [400, 401, 403];
const MAKES = ['v1/make_join', 'v1/make_leave', 'v1/make_knock'];

/** The ways into a room and out of it, for users of other servers. */
describe('a hostile server at the door of a room', () => {
  let scene: HostileScene;
  let elsewhere: string;
  beforeAll(async () => {
    scene = await startHostileScene();
    elsewhere = await makeRoom(scene.alice, { preset: 'public_chat', room_version: '11' });
  });
  afterAll(() => scene.stop());

  const member = (membership: string, forgery: Forgery = {}, room: JoinedRoom = scene.room) => {
    const { content, ...rest } = forgery;
    const stateKey = rest.sender ?? scene.hostile.userId;
    return scene.hostile.event(room, { type: MEMBER, stateKey, ...rest, content: { membership, ...content } });
  };
  const membershipOf = async (userId: string, roomId = scene.roomId) =>
    (await stateOf(scene.alice, roomId, MEMBER, userId))['membership'];

  it.each(PUTS)(
    'row 19: %s refuses an event of another room, and of another id, than the path has',
    async (put, membership) => {
      const { pdu, eventId } = member(membership);
      expect(REFUSALS).toContain((await scene.offer(put, elsewhere, eventId, pdu)).status);
      expect(REFUSALS).toContain((await scene.offer(put, scene.roomId, `$${'A'.repeat(43)}`, pdu)).status);
      expect(await membershipOf(scene.hostile.userId)).toBe('join');
      expect(await membershipOf(scene.hostile.userId, elsewhere)).toBeUndefined();
    },
  );

  it('row 19: an invite must be of the room and have the id of the path', async () => {
    const invite = member('invite', { stateKey: scene.alice.userId, sender: scene.hostile.userId });
    const body = { room_version: '11', event: invite.pdu, invite_room_state: [] };
    for (const put of ['v2/invite', 'v1/invite']) {
      const offered = put === 'v2/invite' ? body : invite.pdu;
      expect((await scene.offer(put, elsewhere, invite.eventId, offered)).status).toBe(400);
      expect((await scene.offer(put, scene.roomId, `$${'A'.repeat(43)}`, offered)).status).toBe(400);
    }
  });

  it('row 19: an exchange must be of the room of the path, for a user of who asks, by a token that was given', async () => {
    const signed = { mxid: scene.hostile.userId, token: 'made up', signatures: { nowhere: { 'ed25519:0': 'x' } } };
    const content = { membership: 'invite', third_party_invite: { display_name: 'm', signed } };
    const subject = { type: MEMBER, sender: scene.alice.userId, state_key: scene.hostile.userId };
    const exchange = (where: string, event: JsonObject) =>
      scene.hostile.put(path('v1/exchange_third_party_invite', where), event);
    const event: JsonObject = { ...subject, room_id: scene.roomId, content };
    expect(await exchange(elsewhere, event)).toEqual(refused(400, 'M_INVALID_PARAM'));
    const ofOther = { ...signed, mxid: scene.alice.userId };
    const forOther = { ...content, third_party_invite: { display_name: 'm', signed: ofOther } };
    expect((await exchange(scene.roomId, { ...event, content: forOther })).status).toBe(403);
    expect((await exchange(scene.roomId, { ...event, state_key: '@other:example.org' })).status).toBe(400);
    expect((await exchange(scene.roomId, { ...event, content: { ...content, membership: 'join' } })).status).toBe(400);
    expect((await exchange(scene.roomId, event)).status).toBe(404);
  });

  it('row 50: an exchange needs the signature of whom the inviter trusted', async () => {
    const roomId = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
    const offer = {
      display_name: 'm',
      public_key: SigningKey.fromSeed('ed25519:0', randomBytes(32)).publicKey,
      key_validity_url: 'https://id.example/',
    };
    const put = at(roomId, 'state/m.room.third_party_invite/token');
    expect((await scene.alice.api('PUT', put, offer)).status).toBe(200);
    const signed = {
      mxid: scene.hostile.userId,
      token: 'token',
      signatures: { 'id.example': { 'ed25519:0': 'A'.repeat(86) } },
    };
    const content = { membership: 'invite', third_party_invite: { display_name: 'm', signed } };
    const event = {
      type: MEMBER,
      room_id: roomId,
      sender: scene.alice.userId,
      state_key: scene.hostile.userId,
      content,
    };
    scene.hostile.answers({});
    const answer = await scene.hostile.put(path('v1/exchange_third_party_invite', roomId), event);
    expect(answer).toEqual(refused(403, 'M_FORBIDDEN'));
    expect(scene.hostile.askedFor('invite')).toBe(0);
    expect(await membershipOf(scene.hostile.userId, roomId)).toBeUndefined();
  });

  it.each(MAKES)('row 49: %s is for users of who asks', async (make) => {
    for (const userId of [scene.alice.userId, '@somebody:example.org']) {
      expect(await scene.hostile.get(`${path(make, elsewhere, userId)}?ver=11`)).toEqual(refused(403, 'M_FORBIDDEN'));
    }
    expect((await scene.hostile.get(`${path(make, elsewhere, '@not-an-id')}?ver=11`)).status).toBe(400);
  });

  it.each(PUTS)('row 48: %s takes nobody else’s event, and no other kind of event', async (put, membership) => {
    const { userId } = scene.hostile;
    const others = [
      member(membership, { sender: scene.alice.userId }),
      member(membership, { sender: '@bob:example.org' }),
      member(membership, { sender: userId, stateKey: scene.alice.userId }),
      member('ban'),
      member('invite'),
      member(membership, { type: 'm.room.topic', stateKey: '' }),
      member(membership, { type: 'm.room.power_levels', stateKey: userId }),
    ];
    for (const { pdu, eventId } of others) {
      expect(REFUSALS).toContain((await scene.offer(put, scene.roomId, eventId, pdu)).status);
    }
    expect(await membershipOf(scene.alice.userId)).toBe('join');
  });

  it.each(PUTS)('row 6: %s takes no event without its sender’s signature', async (put, membership) => {
    const { pdu, eventId } = member(membership);
    const unsigned = { ...pdu, signatures: {} };
    const byAnother = { ...pdu, signatures: { 'example.org': pdu.signatures![scene.hostile.serverName]! } };
    for (const one of [unsigned, byAnother]) {
      expect(REFUSALS).toContain((await scene.offer(put, scene.roomId, eventId, one)).status);
    }
    expect(await membershipOf(scene.hostile.userId)).toBe('join');
  });

  it('row 48: nobody comes into a room without the right to', async () => {
    const invited = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
    const make = `${path('v1/make_join', invited, scene.hostile.userId)}?ver=11`;
    expect(await scene.hostile.get(make)).toEqual(refused(403, 'M_FORBIDDEN'));
    const levels = await scene.stateId(invited, 'm.room.power_levels');
    const rules = await scene.stateId(invited, 'm.room.join_rules');
    const create = await scene.stateId(invited, 'm.room.create');
    const room = { ...scene.room, roomId: invited };
    for (const [put, membership] of [PUTS[0], PUTS[2]]) {
      const { pdu, eventId } = member(membership, { prevEvents: [rules], authEvents: [create, levels, rules] }, room);
      expect(await scene.offer(put, invited, eventId, pdu)).toEqual(refused(403, 'M_FORBIDDEN'));
    }
    expect(await membershipOf(scene.hostile.userId, invited)).toBeUndefined();
  });

  describe('of a restricted room', () => {
    let roomId: string;
    let authEvents: string[];
    beforeAll(async () => {
      const condition = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11' });
      const content = { join_rule: 'restricted', allow: [{ type: 'm.room_membership', room_id: condition }] };
      const initial_state = [{ type: 'm.room.join_rules', state_key: '', content }];
      roomId = await makeRoom(scene.alice, { preset: 'private_chat', room_version: '11', initial_state });
      authEvents = [
        await scene.stateId(roomId, 'm.room.create'),
        await scene.stateId(roomId, 'm.room.power_levels'),
        await scene.stateId(roomId, 'm.room.join_rules'),
        await scene.stateId(roomId, MEMBER, scene.alice.userId),
      ];
    });

    const joinBy = async (authoriser: string) => {
      const prevEvents = [authEvents[2]!];
      const room = { ...scene.room, roomId };
      const { pdu, eventId } = member('join', { prevEvents, authEvents, content: { [AUTHORISER]: authoriser } }, room);
      return scene.offer('v2/send_join', roomId, eventId, pdu);
    };

    it('row 49: has nothing signed for a user who fulfils no condition', async () => {
      const answer = await joinBy(scene.alice.userId);
      expect(answer).toEqual(refused(403, 'M_FORBIDDEN'));
      expect(JSON.stringify(answer)).not.toContain('signatures');
      expect(await membershipOf(scene.hostile.userId, roomId)).toBeUndefined();
    });

    it('row 48: does not come in on the word of a user of its own, or of nobody', async () => {
      for (const authoriser of [scene.hostile.userId, '@somebody:example.org']) {
        expect(REFUSALS).toContain((await joinBy(authoriser)).status);
      }
      const unnamed = member(
        'join',
        { prevEvents: [authEvents[2]!], authEvents: authEvents.slice(0, 3) },
        { ...scene.room, roomId },
      );
      expect((await scene.offer('v2/send_join', roomId, unnamed.eventId, unnamed.pdu)).status).toBe(403);
      expect(await membershipOf(scene.hostile.userId, roomId)).toBeUndefined();
    });
  });

  it('row 49: gets templates with nothing in them but what its user may send', async () => {
    const template = (await scene.hostile.get(`${path('v1/make_join', elsewhere, scene.hostile.userId)}?ver=11`)).body;
    const event = template['event'] as Pdu;
    expect(event).toMatchObject({ type: MEMBER, sender: scene.hostile.userId, state_key: scene.hostile.userId });
    expect(event.content).toEqual({ membership: 'join' });
    expect(event).not.toHaveProperty('signatures');
  });

  it('row 28: finds the rooms that are not there and those that were left the same', async () => {
    const left = await makeRoom(scene.alice, { preset: 'public_chat', room_version: '11' });
    expect((await scene.alice.api('POST', at(left, 'leave'), {})).status).toBe(200);
    for (const make of MAKES) {
      const answer = await scene.hostile.get(`${path(make, left, scene.hostile.userId)}?ver=11`);
      expect(answer.status).toBe(404);
      const unknown = path(make, '!unknown:victim.example', scene.hostile.userId);
      expect(await scene.hostile.get(`${unknown}?ver=11`)).toEqual(answer);
    }
  });
});
