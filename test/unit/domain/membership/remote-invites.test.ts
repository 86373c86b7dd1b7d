import type { RemoteRooms } from '../../../../src/domain/membership';
import { makeRoom, requester, startMembership, type Rig } from './rig';

const ALICE = '@alice:test.example';
const BOB = '@bob:test.example';
const ZOE = '@zoe:else.where';

describe('an invite of a user of another server', () => {
  let rig: Rig;
  const asked: Parameters<RemoteRooms['invite']>[1][] = [];
  const withFederation = () => {
    const invite: RemoteRooms['invite'] = async (_room, about) => {
      asked.push(about);
      return '$invite';
    };
    rig.membership.bind({ remote: { invite } as RemoteRooms });
  };
  beforeEach(async () => {
    rig = await startMembership();
    asked.length = 0;
  });
  afterEach(() => rig.stop());

  it('is made with that server, asked for by the operation or by a state event', async () => {
    withFederation();
    const { roomId } = await makeRoom(rig.timeline, ALICE);
    await rig.membership.invite(requester(ALICE), roomId, ZOE, { reason: 'hello' });
    const content = { membership: 'invite', reason: 'by hand', 'x.extra': 1 };
    expect(await rig.membership.set(requester(ALICE), { roomId, userId: ZOE, content })).toBe('$invite');
    expect(asked).toEqual([
      { sender: ALICE, userId: ZOE, content: { membership: 'invite', reason: 'hello' } },
      { sender: ALICE, userId: ZOE, content },
    ]);
  });

  it('is refused to those who are not in the room, and where there is no federation', async () => {
    const { roomId } = await makeRoom(rig.timeline, ALICE);
    const change = { roomId, userId: ZOE, content: { membership: 'invite' } };
    await expect(rig.membership.set(requester(ALICE), change)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    withFederation();
    await expect(rig.membership.set(requester(BOB), change)).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(asked).toEqual([]);
  });

  it('is refused in rooms that are not open to other servers, where the user could not even reject it', async () => {
    withFederation();
    const { room } = await rig.timeline.createRoom({
      version: '11',
      sender: ALICE,
      createContent: { 'm.federate': false },
      drafts: [{ type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } }],
    });
    const invite = rig.membership.invite(requester(ALICE), room.roomId, ZOE);
    await expect(invite).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(asked).toEqual([]);
  });

  it('leaves all other changes to the room', async () => {
    withFederation();
    const { roomId } = await makeRoom(rig.timeline, ALICE);
    const content = { membership: 'ban' };
    const eventId = await rig.membership.set(requester(ALICE), { roomId, userId: ZOE, content });
    expect(await rig.membership.of(ZOE, roomId)).toMatchObject({ membership: 'ban', eventId });
    const nobody = { roomId, userId: 'nobody', content: { membership: 'invite' } };
    await expect(rig.membership.set(requester(ALICE), nobody)).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    expect(asked).toEqual([]);
  });
});
