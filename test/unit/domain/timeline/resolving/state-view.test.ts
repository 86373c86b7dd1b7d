import { agree, distinct, resultKey } from '../../../../../src/domain/timeline/resolving/state-view.model';

const topic = { type: 'm.room.topic', stateKey: '', eventNid: 7 };

describe('views of states', () => {
  it('are looked at once for each stored state, and always where something is laid over one', () => {
    const plain = { snapshot: 1, over: [] };
    const other = { snapshot: 2, over: [] };
    const laid = { snapshot: 1, over: [topic] };
    expect(distinct([plain, { ...plain }, other, laid, { ...laid }])).toEqual([plain, other, laid, laid]);
  });

  it('agree under a key when all have the same there, or none has anything', () => {
    const states = [
      new Map([['a', 1]]),
      new Map([['a', 1]]),
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ];
    expect(agree(states, 'a')).toBe(true);
    expect(agree(states, 'b')).toBe(false);
    expect(agree(states, 'c')).toBe(true);
  });

  it('do not agree where one has a key taken away and another an event', () => {
    expect(agree([new Map([['a', 0]]), new Map([['a', 1]])], 'a')).toBe(false);
    expect(agree([new Map([['a', 0]]), new Map()], 'a')).toBe(true);
  });

  it('have one result, in whatever order and however often they are named', () => {
    expect(resultKey([10, 9, 10])).toBe(resultKey([9, 10]));
    expect(resultKey([1, 23])).not.toBe(resultKey([12, 3]));
  });
});
