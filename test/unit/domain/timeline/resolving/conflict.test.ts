import { conflictedEntries, keysThatJudge, ownKeys } from '../../../../../src/domain/timeline/resolving/conflict.model';
import { stateMapKey, type StateKeyPair } from '../../../../../src/domain/room-state';
import type { Pdu } from '../../../../../src/protocol/events/index';
import { roomVersion } from '../../../../../src/protocol/room-versions';

const ALICE = '@alice:a.org';
const BOB = '@bob:b.org';
const eventOf = (type: string, sender: string, stateKey?: string, content = {}) => ({
  pdu: { type, sender, content, ...(stateKey === undefined ? {} : { state_key: stateKey }) } as Pdu,
});

describe('a conflict between states', () => {
  it('is over what each of them has under the keys in question, and nothing where it has nothing', () => {
    const topic: StateKeyPair = ['m.room.topic', ''];
    const bob: StateKeyPair = ['m.room.member', BOB];
    const keys = new Map([topic, bob].map((pair) => [stateMapKey(...pair), pair]));
    const states = [
      new Map([
        [stateMapKey(...topic), 1],
        [stateMapKey('m.room.name', ''), 9],
      ]),
      new Map([
        [stateMapKey(...topic), 2],
        [stateMapKey(...bob), 0],
      ]),
    ];
    expect(conflictedEntries({ states, keys })).toEqual([
      [{ type: 'm.room.topic', stateKey: '', eventNid: 1 }],
      [{ type: 'm.room.topic', stateKey: '', eventNid: 2 }],
    ]);
  });

  it('is judged by the rules of the room and by what authorises its events, each asked for once', () => {
    const invite = eventOf('m.room.member', ALICE, BOB, { membership: 'invite' });
    const keys = keysThatJudge(roomVersion('10'), [invite, eventOf('m.room.topic', ALICE, '')]);
    expect(keys.map((pair) => pair.join(' ')).sort()).toEqual([
      'm.room.create ',
      'm.room.join_rules ',
      `m.room.member ${ALICE}`,
      `m.room.member ${BOB}`,
      'm.room.power_levels ',
    ]);
  });

  it('can draw in keys of state events alone', () => {
    expect(ownKeys([eventOf('m.room.message', ALICE), eventOf('x', BOB, 'k')])).toEqual([['x', 'k']]);
  });
});
