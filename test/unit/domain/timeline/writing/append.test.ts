import {
  currentEntries,
  depthAfter,
  extremitiesAfter,
  isNews,
  newestOf,
  type MovedHead,
  type WrittenEvent,
} from '../../../../../src/domain/timeline/writing/append.model';
import { NO_PLACE, type StoredEvent } from '../../../../../src/domain/timeline/timeline.model';
import { OWN, type Incoming } from '../../../../../src/domain/timeline/heads/prepared-event.model';
import type { RoomHead } from '../../../../../src/domain/timeline/heads/room-head.model';

const TOPIC = { type: 'm.room.topic', stateKey: '' };
const stored = (nid: number, more: Partial<StoredEvent> = {}) =>
  ({ nid, ordinal: nid, depth: nid, type: 'm.room.message', stateKey: null, ...more }) as StoredEvent;
const ours = (nid: number, more: Partial<StoredEvent> = {}) =>
  ({ event: stored(nid, more), incoming: undefined, isCurrentState: more.stateKey === '' }) as unknown as WrittenEvent;
const theirs = (nid: number, incoming: Partial<Incoming>, more: Partial<StoredEvent> = {}) =>
  ({
    event: stored(nid, more),
    incoming: { current: [], ...incoming },
    isCurrentState: false,
  }) as unknown as WrittenEvent;
const ends = (...nids: number[]) => nids.map((nid) => ({ eventId: `$${nid}`, pdu: {} as never, stored: stored(nid) }));

describe('the events of one append', () => {
  it('leave the last one as the only extremity when they are ours, which follow all there is', () => {
    expect(extremitiesAfter([ours(1), ours(2)])).toEqual([2]);
  });

  it('leave what the last one says that stands in the graph beside others', () => {
    const fork = theirs(3, { kind: 'live', extremities: ends(2, 3) });
    expect(extremitiesAfter([ours(2), fork])).toEqual([2, 3]);
    expect(extremitiesAfter([fork, theirs(4, { kind: 'soft_failed' })])).toEqual([2, 3]);
  });

  it('leave the extremities alone when none of them becomes one', () => {
    expect(extremitiesAfter([theirs(4, { kind: 'rejected' }), theirs(5, { kind: 'history' })])).toBeUndefined();
  });

  it('are news at the end of the order alone: neither as history nor without a place', () => {
    const shown = ours(1);
    const old = theirs(2, { kind: 'history' });
    const hidden = theirs(3, { kind: 'live' }, { ordinal: NO_PLACE });
    expect([shown, old, hidden].map(isNews)).toEqual([true, false, false]);
    expect(newestOf([shown, old, hidden])).toBe(shown.event);
    expect(newestOf([old, hidden])).toBeUndefined();
  });

  it('make the room deeper when they are live', () => {
    const head = { committedDepth: 5 } as RoomHead;
    expect(depthAfter(head, [ours(3), theirs(9, { kind: 'soft_failed' })])).toBe(5);
    expect(depthAfter(head, [ours(6), theirs(7, { kind: 'live' })])).toBe(7);
  });

  it('leave the newest entry of each key, of resolved ones too, in each room', () => {
    const room = (nid: number, ...written: WrittenEvent[]) => ({ room: { nid }, written }) as unknown as MovedHead;
    const resolved = theirs(3, {
      kind: 'live',
      current: [
        { ...TOPIC, eventNid: 1 },
        { type: 'x', stateKey: '', eventNid: OWN },
      ],
    });
    const entries = currentEntries([room(1, ours(1, TOPIC), ours(2, TOPIC), resolved), room(2, ours(4, TOPIC))]);
    expect(entries).toEqual([
      { roomNid: 1, ...TOPIC, eventNid: 1 },
      { roomNid: 2, ...TOPIC, eventNid: 4 },
    ]);
  });
});
