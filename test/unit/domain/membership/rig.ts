import { Membership } from '../../../../src/domain/membership';
import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import type { Requester } from '#kernel/requester';
import { SigningKey } from '#protocol/signing/index';
import { startTestPeople } from '../../../support/people';

export const requester = (userId: string, isGuest = false): Requester => ({
  userId,
  deviceId: 'DEVICE',
  tokenId: 1,
  isGuest,
  isAdmin: false,
});

/** Membership, and all that stands above it, on an empty database. */
export async function startMembership() {
  const people = await startTestPeople();
  const { storage } = people.database;
  const signingKey = SigningKey.fromSeed('ed25519:test', Buffer.alloc(32, 7));
  const onError = (error: unknown) => {
    throw error;
  };
  const open = () => {
    const roomState = new RoomState(storage);
    const timeline = new Timeline({ serverName: 'test.example', signingKey }, storage, roomState);
    const membership = new Membership({ storage, ...people, roomState, timeline, onError });
    return { roomState, timeline, membership };
  };
  const opened = open();
  const stop = async () => {
    await opened.membership.followups.idle();
    await people.stop();
  };
  return { people, storage, ...opened, open, stop };
}

export type Rig = Awaited<ReturnType<typeof startMembership>>;

/** A room of `creator`'s with a join rule and perhaps guest access. */
export async function makeRoom(timeline: Timeline, creator: string, joinRule = 'public', guestAccess = 'forbidden') {
  const { room } = await timeline.createRoom({
    version: '11',
    sender: creator,
    createContent: {},
    drafts: [
      { type: 'm.room.member', stateKey: creator, content: { membership: 'join' } },
      { type: 'm.room.power_levels', stateKey: '', content: { users: { [creator]: 100 }, invite: 0 } },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: joinRule } },
      { type: 'm.room.guest_access', stateKey: '', content: { guest_access: guestAccess } },
    ],
  });
  return room;
}
