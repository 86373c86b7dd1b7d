import fc from 'fast-check';
import type { RoomInfo } from '../../../../src/domain/room-state';
import type { StoredEvent } from '../../../../src/domain/timeline';
import { canSee, historyVisibilityOf, type HistoryVisibility } from '#protocol/visibility';
import { ALICE, BOB, join, makeRoom, say } from '../timeline/rig';
import { setMember, setState, startReading, type ReadingRig } from './reading-rig';

type Step = 'say' | 'invite' | 'join' | 'leave' | 'kick' | HistoryVisibility;

const step: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  ...([
    'say',
    'say',
    'invite',
    'join',
    'join',
    'leave',
    'kick',
    'world_readable',
    'shared',
    'invited',
    'joined',
  ] as const),
);

describe('visibility', () => {
  let rig: ReadingRig;
  beforeAll(async () => {
    rig = await startReading();
  });
  afterAll(() => rig.stop());

  const act = async (room: RoomInfo, what: Step): Promise<unknown> => {
    const { timeline } = rig;
    switch (what) {
      case 'say':
        return say(timeline, room.roomId, ALICE, 'x');
      case 'invite':
        return setMember(timeline, room.roomId, ALICE, BOB, 'invite');
      case 'join':
        return join(timeline, room.roomId, BOB);
      case 'leave':
        return setMember(timeline, room.roomId, BOB, BOB, 'leave');
      case 'kick':
        return setMember(timeline, room.roomId, ALICE, BOB, 'leave');
      default:
        return setState(timeline, room.roomId, ALICE, 'm.room.history_visibility', { history_visibility: what });
    }
  };

  /** The specification's rule, straight from the state before each event. */
  const expected = async (events: readonly StoredEvent[]): Promise<string[]> => {
    const memberships = await Promise.all(events.map((event) => at(event, 'm.room.member', BOB)));
    const seen: string[] = [];
    for (const [index, event] of events.entries()) {
      const before = memberships[index];
      const setting = await at(event, 'm.room.history_visibility', '');
      const later = events
        .slice(index + 1)
        .some((one, i) => joins(one) || membership(memberships[index + 1 + i]) === 'join');
      const visible = canSee({
        visibility: historyVisibilityOf(setting as { content: Record<string, never> } | undefined),
        visibilityAfter:
          event.type === 'm.room.history_visibility' ? historyVisibilityOf(event.pdu as never) : undefined,
        membership: membership(before),
        membershipAfter: event.stateKey === BOB ? membership(event.pdu) : undefined,
        joinedLater: later || joins(event),
      });
      if (visible) seen.push(event.eventId);
    }
    return seen;
  };
  const at = async (event: StoredEvent, type: string, key: string) =>
    (await rig.timeline.stateAt(event.snapshotBefore, type, key))?.pdu;
  const membership = (pdu: unknown) => (pdu as { content: { membership: string } } | undefined)?.content.membership;
  const joins = (event: StoredEvent) => event.stateKey === BOB && membership(event.pdu) === 'join';

  it('is what the specification says, whatever happened in the room (row 5)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const room = await makeRoom(rig.timeline);
        // What the room's rules refuse does not happen.
        for (const what of steps) await act(room, what).catch(() => undefined);
        const events = await rig.timeline.range(room, { direction: 'f', limit: 200 });
        const seen = await rig.views.visible(BOB, room, events);
        expect(seen.map((event) => event.eventId)).toEqual(await expected(events));
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
