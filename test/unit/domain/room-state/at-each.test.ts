import { ALICE, makeRoom, requester, say, startTimeline, type Rig } from '../timeline/rig';

describe('one key in many states', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startTimeline();
  });
  afterEach(() => rig.stop());

  it('is found as each state alone has it, across merged deltas', async () => {
    const { timeline, roomState } = rig;
    const room = await makeRoom(timeline);
    for (let i = 0; i < 60; i++) {
      const [type, content] = i % 7 === 3 ? ['m.room.topic', { topic: `t${i}` }] : ['m.room.name', { name: `n${i}` }];
      await timeline.send(requester(ALICE), { roomId: room.roomId, type, stateKey: '', content });
    }
    await say(timeline, room.roomId, ALICE, 'last');
    const events = await timeline.range(room, { direction: 'f', limit: 100 });
    const snapshots = [...new Set(events.map((event) => event.snapshotBefore))];
    const found = await roomState.atEach(snapshots, 'm.room.topic', '');
    for (const snapshot of snapshots)
      expect(found.get(snapshot)).toBe(await roomState.at(snapshot, 'm.room.topic', ''));
    expect(found.size).toBeGreaterThan(50);
    expect(await roomState.atEach(snapshots, 'm.room.topic', '')).toEqual(found);
    expect(await roomState.atEach([0, ...snapshots], 'm.room.nothing', '')).toEqual(new Map());
  });
});
