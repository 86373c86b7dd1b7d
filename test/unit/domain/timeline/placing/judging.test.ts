import { pdusOf, withAuthority } from '../../../../../src/domain/timeline/placing/judging.model';
import { stateMapKey } from '../../../../../src/domain/room-state';
import type { Pdu } from '../../../../../src/protocol/events/index';

const member = (userId: string, membership: string) =>
  ({ type: 'm.room.member', state_key: userId, sender: userId, content: { membership } }) as unknown as Pdu;
const ALICE = '@alice:a.org';
const BOB = '@bob:b.org';

describe('a state that judges an event', () => {
  const alice = { pdu: member(ALICE, 'ban') };
  const entries = new Map([[stateMapKey('m.room.member', ALICE), alice]]);

  it('is what it has', () => {
    expect([...pdusOf(entries)]).toEqual([[stateMapKey('m.room.member', ALICE), alice.pdu]]);
  });

  it('has what the event names as its authority only where it has nothing of its own', () => {
    const claimed = [{ pdu: member(ALICE, 'join') }, { pdu: member(BOB, 'join') }];
    const lenient = withAuthority(entries, claimed);
    expect(lenient.get(stateMapKey('m.room.member', ALICE))).toBe(alice.pdu);
    expect(lenient.get(stateMapKey('m.room.member', BOB))).toBe(claimed[1]!.pdu);
    expect(lenient.size).toBe(2);
  });
});
