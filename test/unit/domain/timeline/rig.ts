import { RoomState } from '../../../../src/domain/room-state';
import { Timeline } from '../../../../src/domain/timeline';
import type { Requester } from '#kernel/requester';
import type { Storage } from '#platform/storage/storage';
import { SigningKey } from '#protocol/signing/index';
import { startTestStorage } from '../../../support/storage';

export const SERVER = 'trellis.test';
export const ALICE = `@alice:${SERVER}`;
export const BOB = `@bob:${SERVER}`;
export const signingKey = SigningKey.fromSeed('ed25519:test', Buffer.alloc(32, 7));

export const requester = (userId: string): Requester => ({
  userId,
  deviceId: `${userId.slice(1, 4)}-DEVICE`,
  tokenId: 1,
  isGuest: false,
  isAdmin: false,
});

/** Room state and timeline on an empty database of their own. */
export async function startTimeline(wrap: (storage: Storage) => Storage = (storage) => storage) {
  const database = await startTestStorage();
  const storage = wrap(database.storage);
  const roomState = new RoomState(storage);
  const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, roomState);
  return { database, storage, roomState, timeline, stop: () => database.stop() };
}

export type Rig = Awaited<ReturnType<typeof startTimeline>>;

/** A public room of Alice's, with the events that every room needs. */
export async function makeRoom(timeline: Timeline, version = '12', joiners: readonly string[] = []) {
  const { room } = await timeline.createRoom({
    version,
    sender: ALICE,
    createContent: {},
    drafts: [
      { type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } },
      {
        type: 'm.room.power_levels',
        stateKey: '',
        content: version === '12' ? { users: {} } : { users: { [ALICE]: 100 } },
      },
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    ],
  });
  for (const userId of joiners) await join(timeline, room.roomId, userId);
  return room;
}

export const join = (timeline: Timeline, roomId: string, userId: string): Promise<string> =>
  timeline.send(requester(userId), {
    roomId,
    type: 'm.room.member',
    stateKey: userId,
    content: { membership: 'join' },
  });

export const say = (timeline: Timeline, roomId: string, userId: string, body: string): Promise<string> =>
  timeline.send(requester(userId), { roomId, type: 'm.room.message', content: { msgtype: 'm.text', body } });
