import { ForbiddenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import { NearestEvents } from '../../../../src/domain/rooms/nearest-events.service';
import type { RoomInfo } from '../../../../src/domain/room-state';
import type { StoredEvent, TimeQuery } from '../../../../src/domain/timeline';

const room = { nid: 1, roomId: '!r:test.example' } as RoomInfo;
const requester = { userId: '@alice:test.example' } as Requester;

describe('the event that is nearest to a time', () => {
  /** Times of the room's events; those below `hiddenUntil` are not for the reader. */
  let times: number[];
  let hiddenUntil: number;
  let joined: boolean;
  /** What other servers were asked. */
  let asked: TimeQuery[];
  let onAsked: () => void;
  let reads: number;
  beforeEach(() => {
    [times, hiddenUntil, joined, asked, onAsked, reads] = [[], 0, true, [], () => undefined, 0];
  });

  const nearest = new NearestEvents(
    {
      history: {
        fillNear: async (_room: RoomInfo, time: TimeQuery) => {
          asked.push(time);
          onAsked();
          return true;
        },
      },
      graph: {
        nearTo: async (
          _room: RoomInfo,
          { ts, direction }: TimeQuery,
          { limit, offset = 0 }: { limit: number; offset?: number },
        ) => {
          reads++;
          const isBack = direction === 'b';
          const fitting = times
            .filter((one) => (isBack ? one <= ts : one >= ts))
            .sort((a, b) => (isBack ? b - a : a - b));
          return fitting.slice(offset, offset + limit).map((one) => ({ originServerTs: one }) as StoredEvent);
        },
      },
    } as unknown as ConstructorParameters<typeof NearestEvents>[0],
    { visible: async (_user, _room, events) => events.filter(({ originServerTs }) => originServerTs > hiddenUntil) },
    {
      reach: async (_requester, roomId) => {
        if (roomId !== room.roomId) throw new ForbiddenError('no');
        return { room, until: undefined, joined };
      },
    },
  );
  const find = async (ts: number, direction: 'b' | 'f', roomId = room.roomId): Promise<number> =>
    (await nearest.nearestTo(requester, roomId, { ts, direction })).originServerTs;

  it('is the last before it or the first after it', async () => {
    times = [10, 20, 30];
    expect(await Promise.all([find(25, 'b'), find(25, 'f'), find(20, 'b'), find(20, 'f')])).toEqual([20, 30, 20, 20]);
    await expect(find(5, 'b')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    await expect(find(35, 'f')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
  });

  it('may be one that was just brought from elsewhere', async () => {
    times = [10];
    onAsked = () => void times.push(24);
    expect(await find(25, 'b')).toBe(24);
    expect(asked).toEqual([{ ts: 25, direction: 'b' }]);
  });

  it('is one that the reader may see, if that is not too far (row 5)', async () => {
    times = Array.from({ length: 2_000 }, (_, index) => index + 1);
    hiddenUntil = 120;
    expect(await find(1, 'f')).toBe(121);
    hiddenUntil = 1_900;
    reads = 0;
    await expect(find(1, 'f')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    expect(reads).toBe(10);
  });

  it('is asked of other servers on behalf of members only, and told to nobody who may not read the room', async () => {
    times = [10];
    joined = false;
    expect(await find(10, 'b')).toBe(10);
    await expect(find(10, 'b', '!other:test.example')).rejects.toMatchObject({ errcode: 'M_FORBIDDEN' });
    expect(asked).toEqual([]);
  });

  it.each([1e300, Number.MAX_SAFE_INTEGER + 1, 1.5])('is none at %d, which is no time', async (ts) => {
    await expect(find(ts, 'b')).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
    expect(asked).toEqual([]);
  });
});
