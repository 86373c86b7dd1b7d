import type { JsonObject } from '#kernel/json';
import { EventGraph, resolveState, stateEntryKey, type ResolvableEvent } from '#protocol/state-resolution/index';
import { type Action, type Node, TestDag } from './test-dag';

const ALICE = '@alice:a.org';
const BOB = '@bob:b.org';
const CAROL = '@carol:c.org';

const member = (sender: string, target: string, membership: string): Action => ({
  sender,
  type: 'm.room.member',
  stateKey: target,
  content: { membership },
});
const topic = (sender: string, text: string, ts?: number): Action => ({
  sender,
  type: 'm.room.topic',
  stateKey: '',
  content: { topic: text },
  ts,
});
const power = (sender: string, users: JsonObject, more: JsonObject = {}): Action => ({
  sender,
  type: 'm.room.power_levels',
  stateKey: '',
  content: { users, ...more },
});
const rules = (sender: string, joinRule: string): Action => ({
  sender,
  type: 'm.room.join_rules',
  stateKey: '',
  content: { join_rule: joinRule },
});

/** A public room of Alice's with Bob as moderator. */
function room(id: string): { dag: TestDag; base: Node; users: (changes: JsonObject) => JsonObject } {
  const dag = new TestDag(id, ALICE);
  const users = (changes: JsonObject): JsonObject => (id === '12' ? changes : { [ALICE]: 100, ...changes });
  const base = dag.chain(
    [dag.create],
    member(ALICE, ALICE, 'join'),
    power(ALICE, users({ [BOB]: 50 })),
    rules(ALICE, 'public'),
    member(BOB, BOB, 'join'),
    topic(ALICE, 'first'),
  );
  return { dag, base, users };
}

describe.each(['2', '3', '6', '9', '10', '11', '12'])('state resolution of version %s', (id) => {
  it('lets a ban win over what the banned does meanwhile', () => {
    const { dag, base } = room(id);
    const banned = dag.add([base], member(ALICE, BOB, 'ban'));
    const evading = dag.chain([base], topic(BOB, 'mine'), topic(BOB, 'still mine'));
    const state = dag.resolve([banned.after, evading.after]);
    expect(dag.content(state, 'm.room.member', BOB)).toEqual({ membership: 'ban' });
    expect(dag.content(state, 'm.room.topic')).toEqual({ topic: 'first' });
  });

  it('lets a loss of power win over what is done meanwhile with the power', () => {
    const { dag, base, users } = room(id);
    const demoted = dag.add([base], power(ALICE, users({ [BOB]: 0 })));
    const busy = dag.chain([base], topic(BOB, 'mine'), power(BOB, users({ [BOB]: 50, [CAROL]: 50 })));
    const state = dag.resolve([busy.after, demoted.after]);
    expect(dag.content(state, 'm.room.power_levels')).toEqual({ users: users({ [BOB]: 0 }) });
    expect(dag.content(state, 'm.room.topic')).toEqual({ topic: 'first' });
  });

  it('lets a closed door win over who slips in meanwhile', () => {
    const { dag, base } = room(id);
    const closed = dag.add([base], rules(ALICE, 'invite'));
    const joined = dag.add([base], member(CAROL, CAROL, 'join'));
    const state = dag.resolve([joined.after, closed.after]);
    expect(dag.content(state, 'm.room.member', CAROL)).toBeUndefined();
  });

  it('lets the later of two equal changes win, by the clocks of their senders', () => {
    const { dag, base } = room(id);
    const early = dag.add([base], topic(ALICE, 'early', 5000));
    const late = dag.add([base], topic(BOB, 'late', 6000));
    expect(dag.content(dag.resolve([late.after, early.after]), 'm.room.topic')).toEqual({ topic: 'late' });
  });

  it('lets a change under newer power levels win over a later one under older (row 42)', () => {
    const { dag, base, users } = room(id);
    const newer = dag.chain([base], power(ALICE, users({ [BOB]: 50, [CAROL]: 10 })), topic(ALICE, 'newer', 5000));
    const older = dag.add([base], topic(BOB, 'older', 9000));
    expect(dag.content(dag.resolve([older.after, newer.after]), 'm.room.topic')).toEqual({ topic: 'newer' });
  });

  it('keeps what both sides did apart from each other', () => {
    const { dag, base } = room(id);
    const left = dag.add([base], topic(BOB, 'left'));
    const right = dag.chain([base], member(CAROL, CAROL, 'join'), {
      sender: ALICE,
      type: 'm.room.name',
      stateKey: '',
      content: { name: 'n' },
    });
    const state = dag.resolve([left.after, right.after]);
    expect(dag.content(state, 'm.room.topic')).toEqual({ topic: 'left' });
    expect(dag.content(state, 'm.room.name')).toEqual({ name: 'n' });
    expect(dag.content(state, 'm.room.member', CAROL)).toEqual({ membership: 'join' });
  });

  it('never lets a rejected event back into the state (row 27)', () => {
    const { dag, base } = room(id);
    const stranger = dag.add([base], topic('@stranger:x.org', 'defaced'));
    expect(stranger.rejected).toBe(true);
    const forged = new Map(base.after).set(stateEntryKey('m.room.topic', ''), stranger.eventId);
    const other = dag.add([base], topic(BOB, 'fine'));
    expect(dag.content(dag.resolve([forged, other.after]), 'm.room.topic')).toEqual({ topic: 'fine' });
    const poisoned = new Map(dag.nodes);
    const states = [dag.add([base], topic(ALICE, 'a')).after, dag.add([base], topic(BOB, 'b', 9999)).after];
    const winner = states[1]?.get(stateEntryKey('m.room.topic', '')) ?? '';
    const find = (eventId: string): ResolvableEvent | undefined => {
      const node = poisoned.get(eventId) ?? dag.nodes.get(eventId);
      return node && eventId === winner ? { ...node, rejected: true } : node;
    };
    const state = resolveState({ version: dag.version, createEvent: dag.create.pdu, states, event: find });
    expect(dag.content(state, 'm.room.topic')).toEqual({ topic: 'a' });
  });

  it('says which event it lacks', () => {
    const { dag, base } = room(id);
    const states = [new Map(base.after).set(stateEntryKey('m.room.topic', ''), '$missing'), base.after];
    expect(() => dag.resolve(states)).toThrow('$missing');
  });

  it('gives the same by an index of the auth difference as by walking', () => {
    const { dag, base, users } = room(id);
    const left = dag.chain([base], power(ALICE, users({ [BOB]: 50, [CAROL]: 1 })), topic(ALICE, 'x'));
    const right = dag.chain([base], member(CAROL, CAROL, 'join'), member(BOB, CAROL, 'ban'), topic(BOB, 'y'));
    const states = [left.after, right.after];
    const event = (eventId: string) => dag.nodes.get(eventId);
    const authDifference = new EventGraph(dag.version, dag.create.pdu, event).authDifference(states);
    const createEvent = dag.create.pdu;
    expect(resolveState({ version: dag.version, createEvent, states, event, authDifference })).toEqual(
      dag.resolve(states),
    );
  });
});

describe('state resolution of version 1', () => {
  it('lets the deepest change win', () => {
    const { dag, base } = room('1');
    const deep = dag.chain([base], { sender: ALICE, type: 'm.room.message' }, topic(ALICE, 'deep', 1));
    const late = dag.add([base], topic(BOB, 'late', 9_999_999));
    expect(dag.content(dag.resolve([late.after, deep.after]), 'm.room.topic')).toEqual({ topic: 'deep' });
  });

  it('takes the deepest that the settled power levels allow', () => {
    const { dag, base, users } = room('1');
    const demoted = dag.chain([base], power(ALICE, users({ [BOB]: 0 })), topic(ALICE, 'allowed'));
    const deeper = dag.chain(
      [base],
      { sender: BOB, type: 'm.room.message' },
      { sender: BOB, type: 'm.room.message' },
      topic(BOB, 'refused'),
    );
    expect(dag.content(dag.resolve([deeper.after, demoted.after]), 'm.room.topic')).toEqual({ topic: 'allowed' });
  });

  it('does not mind an entry that one side lacks', () => {
    const { dag, base } = room('1');
    const closed = dag.add([base], rules(ALICE, 'invite'));
    const joined = dag.add([base], member(CAROL, CAROL, 'join'));
    expect(dag.content(dag.resolve([joined.after, closed.after]), 'm.room.member', CAROL)).toEqual({
      membership: 'join',
    });
  });
});

describe('the graph of auth events', () => {
  // f cites d and e, which cite b and c; those cite a.
  const edges: Record<string, string[]> = {
    $a: [],
    $b: ['$a'],
    $c: ['$a'],
    $d: ['$b'],
    $e: ['$c', '$gone'],
    $f: ['$d', '$e'],
  };
  const dag = new TestDag('11', ALICE);
  const graph = new EventGraph(
    dag.version,
    dag.create.pdu,
    (eventId) =>
      edges[eventId] && { eventId, rejected: false, pdu: { ...dag.create.pdu, auth_events: edges[eventId] } },
  );
  const ids = (set: Set<string>) => [...set].sort().join(' ');

  it('has chains that include where they start and what is not there', () => {
    expect(ids(graph.chain(['$d']))).toBe('$a $b $d');
    expect(ids(graph.chain(['$f']))).toBe('$a $b $c $d $e $f $gone');
  });

  it('differs between states by what is not in all chains', () => {
    expect(ids(graph.authDifference([new Map([['x', '$d']]), new Map([['x', '$e']])]))).toBe('$b $c $d $e $gone');
    expect(ids(graph.authDifference([new Map([['x', '$d']]), new Map([['x', '$d']])]))).toBe('');
  });

  it('has the paths between conflicting events, ends included', () => {
    expect(ids(graph.subgraph(new Set(['$f', '$b'])))).toBe('$b $d $f');
    expect(ids(graph.subgraph(new Set(['$f', '$a'])))).toBe('$a $b $c $d $e $f');
    expect(ids(graph.subgraph(new Set(['$d', '$e'])))).toBe('$d $e');
  });
});

describe('the key of a state entry', () => {
  it('differs for every two pairs', () => {
    expect(stateEntryKey('a:', 'b')).not.toBe(stateEntryKey('a', ':b'));
    expect(stateEntryKey('a', '1:b')).not.toBe(stateEntryKey('a1:', 'b'));
  });
});
