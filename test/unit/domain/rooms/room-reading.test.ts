import type { EventViews } from '../../../../src/domain/event-views';
import type { Membership } from '../../../../src/domain/membership';
import type { RoomInfo } from '../../../../src/domain/room-state';
import type { Pages } from '../../../../src/domain/rooms/pages.service';
import type { RoomAccess } from '../../../../src/domain/rooms/room-access.service';
import { RoomReading } from '../../../../src/domain/rooms/room-reading.service';
import type { Timeline } from '../../../../src/domain/timeline';
import type { Requester } from '#kernel/requester';

const ROOM = { nid: 1, roomId: '!room:test.example', version: '12' } as RoomInfo;
const READER = { userId: '@reader:test.example', deviceId: 'D' } as Requester;

describe('members and state of a room whose members are still being brought', () => {
  it.each(['members', 'joinedMembers', 'state'] as const)(
    '%s are told when they are there, not before',
    async (what) => {
      let arrive: () => void = () => undefined;
      let isThere = false;
      const arrival = new Promise<void>((resolve) => (arrive = resolve));
      const read = async (): Promise<never[]> => {
        expect(isThere).toBe(true);
        return [];
      };
      const reading = new RoomReading(
        { imports: { whole: () => arrival }, currentStateAll: read } as unknown as Timeline,
        { memberEvents: read } as unknown as Membership,
        { state: async () => [] } as unknown as EventViews,
        {
          reach: async () => ({ room: ROOM, until: undefined, joined: true }),
          joined: async () => ROOM,
        } as unknown as RoomAccess,
        {} as Pages,
      );
      const answer = what === 'members' ? reading.members(READER, ROOM.roomId, {}) : reading[what](READER, ROOM.roomId);
      await new Promise((resolve) => setImmediate(resolve));
      isThere = true;
      arrive();
      expect(Object.keys(await answer)).toEqual([]);
    },
  );
});
