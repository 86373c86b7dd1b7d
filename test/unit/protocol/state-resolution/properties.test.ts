import { isStateEvent } from '#protocol/events/index';
import { knownRoomVersions } from '#protocol/room-versions';
import { stateEntryKey, type StateMap } from '#protocol/state-resolution/index';
import fc from 'fast-check';
import { type Action, type Node, TestDag } from './test-dag';

const USERS = ['@alice:a.org', '@bob:b.org', '@carol:c.org', '@dan:d.org'];
const [ALICE, BOB] = USERS as [string, string];

const user = fc.constantFrom(...USERS);
const level = fc.constantFrom(0, 50, 100);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc
    .record({ sender: user, target: user, membership: fc.constantFrom('join', 'leave', 'ban', 'invite') })
    .map(({ sender, target, membership }): Action => ({
      sender: membership === 'join' ? target : sender,
      type: 'm.room.member',
      stateKey: target,
      content: { membership },
    })),
  fc.record({ sender: user, users: fc.dictionary(user, level) }).map(({ sender, users }): Action => ({
    sender,
    type: 'm.room.power_levels',
    stateKey: '',
    content: { users: { ...users } },
  })),
  fc.record({ sender: user, join_rule: fc.constantFrom('public', 'invite') }).map(({ sender, join_rule }): Action => ({
    sender,
    type: 'm.room.join_rules',
    stateKey: '',
    content: { join_rule },
  })),
  fc
    .record({ sender: user, topic: fc.string() })
    .map(({ sender, topic }): Action => ({ sender, type: 'm.room.topic', stateKey: '', content: { topic } })),
);
/** What happens, on which of the newest events it is built, and by whose clock. */
const step = fc.record({ action, parents: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }), ts: fc.nat(50) });

/** Grows a room by random steps; forks, because parents are any of the last events, and merges. */
function grow(id: string, steps: { action: Action; parents: number[]; ts: number }[]): { dag: TestDag; tips: Node[] } {
  const dag = new TestDag(id, ALICE);
  const first = dag.chain(
    [dag.create],
    { sender: ALICE, type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } },
    {
      sender: ALICE,
      type: 'm.room.power_levels',
      stateKey: '',
      content: { users: id === '12' ? { [BOB]: 50 } : { [ALICE]: 100, [BOB]: 50 } },
    },
    { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  );
  const accepted = [first];
  for (const { action: next, parents, ts } of steps) {
    const chosen = new Set(parents.map((back) => accepted.at(-1 - Math.min(back, accepted.length - 1)) as Node));
    const node = dag.add([...chosen], { ...next, ts: 100 + ts });
    if (!node.rejected) accepted.push(node);
  }
  return { dag, tips: accepted.slice(-4) };
}

const sorted = (state: StateMap) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

describe.each(knownRoomVersions())('resolved state in version %s', (id) => {
  const rooms = fc.array(step, { minLength: 3, maxLength: 25 }).map((steps) => grow(id, steps));
  const runs = { numRuns: 60 };

  it('does not depend on the order of the states', () => {
    fc.assert(
      fc.property(rooms, fc.infiniteStream(fc.nat()), ({ dag, tips }, chance) => {
        const states = tips.map((tip) => tip.after);
        const shuffled = states
          .map((state) => ({ state, rank: chance.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ state }) => new Map([...state].reverse()));
        expect(sorted(dag.resolve(shuffled))).toEqual(sorted(dag.resolve(states)));
      }),
      runs,
    );
  });

  it('is the state itself when all agree', () => {
    fc.assert(
      fc.property(rooms, ({ dag, tips }) => {
        const state = (tips.at(-1) as Node).after;
        expect(sorted(dag.resolve([state, new Map(state), state]))).toEqual(sorted(state));
      }),
      runs,
    );
  });

  it('keeps what all agree on, and otherwise takes only events that exist, fit their entry and were not rejected (row 16)', () => {
    fc.assert(
      fc.property(rooms, ({ dag, tips }) => {
        const states = tips.map((tip) => tip.after);
        const resolved = dag.resolve(states);
        for (const [key, eventId] of (states[0] as StateMap).entries()) {
          if (states.every((state) => state.get(key) === eventId)) expect(resolved.get(key)).toBe(eventId);
        }
        expect(resolved.get(stateEntryKey('m.room.create', ''))).toBe(dag.create.eventId);
        for (const [key, eventId] of resolved) {
          const node = dag.nodes.get(eventId) as Node;
          expect(node.rejected).toBe(false);
          expect(isStateEvent(node.pdu)).toBe(true);
          expect(stateEntryKey(node.pdu.type, node.pdu.state_key ?? '')).toBe(key);
        }
      }),
      runs,
    );
  });
});
