import { buildEvent, hashAndSign, inspectEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import { SigningKey } from '#protocol/signing/index';
import type { RemoteEntry, RemoteRooms } from '../../../../src/domain/membership';
import { requester, startMembership, type Rig } from './rig';

const ROOM = `!${'r'.repeat(43)}`;
const ALICE = '@alice:test.example';

const knockOf = (userId: string) => {
  const version = roomVersion('12');
  const pdu = buildEvent(version, {
    roomId: ROOM,
    type: 'm.room.member',
    stateKey: userId,
    sender: userId,
    content: { membership: 'knock' },
    prevEvents: [`$${'p'.repeat(43)}`],
    authEvents: [],
    depth: 7,
    originServerTs: 1,
  });
  const key = SigningKey.fromSeed('ed25519:test', Buffer.alloc(32, 7));
  return inspectEvent(version, hashAndSign(version, pdu, 'test.example', key).pdu);
};

describe('a knock on a room that this server is not in', () => {
  let rig: Rig;
  const left: RemoteEntry[] = [];
  beforeEach(async () => {
    rig = await startMembership();
    left.length = 0;
    const leave = async (entry: RemoteEntry) => void left.push(entry);
    rig.membership.bind({ remote: { leave } as unknown as RemoteRooms });
    const knock = { roomId: ROOM, version: '12', event: knockOf(ALICE), strippedState: [], server: 'host.example' };
    await rig.membership.outOfBand.importKnock(knock);
  });
  afterEach(() => rig.stop());

  it('is taken back by way of the server that was knocked on, which the room id does not name', async () => {
    await rig.membership.leave(requester(ALICE), ROOM);
    expect(left).toEqual([{ userId: ALICE, roomId: ROOM, via: ['host.example'], content: { membership: 'leave' } }]);
  });

  it('is remembered with that server, also when it has ended', async () => {
    const { outOfBand } = rig.open().membership;
    expect(await outOfBand.of(ALICE, ROOM)).toMatchObject({ membership: 'knock', server: 'host.example' });
    await outOfBand.importLeave({ userId: ALICE, roomId: ROOM });
    expect(await outOfBand.of(ALICE, ROOM)).toMatchObject({ membership: 'leave', server: 'host.example' });
  });
});
