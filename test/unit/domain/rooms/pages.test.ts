import type { EventViews } from '../../../../src/domain/event-views';
import type { RoomInfo, RoomState } from '../../../../src/domain/room-state';
import { Pages } from '../../../../src/domain/rooms/pages.service';
import type { RoomAccess, RoomReach } from '../../../../src/domain/rooms/room-access.service';
import type { OrdinalRange, StoredEvent, Timeline } from '../../../../src/domain/timeline';
import type { Requester } from '#kernel/requester';

const ROOM = { nid: 1, roomId: '!room:test.example', version: '12' } as RoomInfo;
const READER = { userId: '@reader:test.example', deviceId: 'D' } as Requester;

/** A room of `length` events of which every `visibleEvery`th can be seen, in memory. */
function pagesOver(length: number, visibleEvery: number, until?: number): Pages {
  const event = (ordinal: number) =>
    ({
      ordinal,
      nid: ordinal,
      eventId: `$${ordinal}`,
      roomId: ROOM.roomId,
      sender: '@s:x',
      type: 't',
      pdu: { content: {} },
    }) as unknown as StoredEvent;
  const range = async (_room: unknown, { from, to, direction, limit }: OrdinalRange) => {
    const back = direction === 'b';
    const events: StoredEvent[] = [];
    const end = to ?? (back ? 0 : length + 1);
    for (
      let ordinal = back ? (from ?? length + 1) - 1 : (from ?? 0) + 1;
      events.length < limit;
      ordinal += back ? -1 : 1
    ) {
      if (back ? ordinal <= Math.max(end, 0) : ordinal >= Math.min(end, length + 1)) break;
      events.push(event(ordinal));
    }
    return events;
  };
  const history = { fillAbove: async () => false, hasGaps: async () => false };
  const timeline = { range, latestOrdinal: async () => length, history } as unknown as Timeline;
  const views = {
    visible: async (_user: string, _room: RoomInfo, events: StoredEvent[]) =>
      events.filter(({ ordinal }) => ordinal % visibleEvery === 0),
    forUser: async (_user: string, _room: RoomInfo, events: StoredEvent[]) =>
      events.map(({ eventId }) => ({ event_id: eventId })),
  } as unknown as EventViews;
  const reach: RoomReach = { room: ROOM, until, joined: until === undefined };
  const access = { reach: async () => reach } as unknown as RoomAccess;
  return new Pages({} as RoomState, timeline, views, access);
}

async function readAll(pages: Pages, dir: 'b' | 'f', limit: number): Promise<{ ordinals: number[]; pages: number }> {
  const ordinals: number[] = [];
  let from: string | undefined;
  for (let count = 1; ; count++) {
    const page = await pages.messages(READER, ROOM.roomId, { dir, limit, from });
    expect(page.chunk.length).toBeLessThanOrEqual(limit);
    ordinals.push(...page.chunk.map((event) => Number(event.event_id.slice(1))));
    if (page.end === undefined) return { ordinals, pages: count };
    expect(page.end).not.toBe(from);
    from = page.end;
  }
}

const multiples = (of: number, upTo: number): number[] =>
  Array.from({ length: Math.floor(upTo / of) }, (_, index) => of * (index + 1));

describe('pages of events', () => {
  it.each([1, 2, 5, 31, 32, 33, 100])('hold every event once, in pages of %i, in either direction', async (limit) => {
    const pages = pagesOver(100, 1);
    expect((await readAll(pages, 'f', limit)).ordinals).toEqual(multiples(1, 100));
    expect((await readAll(pages, 'b', limit)).ordinals).toEqual(multiples(1, 100).toReversed());
  });

  it('end without a token when the last event fills the last page', async () => {
    expect((await readAll(pagesOver(100, 1), 'b', 50)).pages).toBe(2);
    expect((await readAll(pagesOver(0, 1), 'b', 50)).pages).toBe(1);
  });

  it('may be empty and still lead on, where thousands of events cannot be seen', async () => {
    const pages = pagesOver(20_000, 9_000);
    const first = await pages.messages(READER, ROOM.roomId, { dir: 'f', limit: 10 });
    expect(first.chunk).toEqual([]);
    expect(first.end).toBeDefined();
    expect((await readAll(pages, 'f', 10)).ordinals).toEqual([9_000, 18_000]);
    expect((await readAll(pages, 'b', 10)).ordinals).toEqual([18_000, 9_000]);
  });

  it('end where a former member left, in both directions', async () => {
    const pages = pagesOver(100, 1, 40);
    expect((await readAll(pages, 'f', 7)).ordinals).toEqual(multiples(1, 40));
    expect((await readAll(pages, 'b', 7)).ordinals).toEqual(multiples(1, 40).toReversed());
    const later = await pages.messages(READER, ROOM.roomId, { dir: 'b', from: 't90', limit: 100 });
    expect(later.chunk).toHaveLength(40);
  });

  it('stay between their two tokens', async () => {
    const pages = pagesOver(100, 1);
    const page = async (dir: 'b' | 'f', from: string, to: string) =>
      (await pages.messages(READER, ROOM.roomId, { dir, from, to, limit: 100 })).chunk.map((event) => event.event_id);
    expect(await page('f', 't10', 't13')).toEqual(['$11', '$12', '$13']);
    expect(await page('b', 't13', 't10')).toEqual(['$13', '$12', '$11']);
  });
});
