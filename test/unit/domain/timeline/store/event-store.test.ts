import { makeRoom, startTimeline, type Rig } from '../rig';

describe('events by number', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startTimeline();
  });
  afterEach(() => rig.stop());

  it('are read however many are asked for', async () => {
    const room = await makeRoom(rig.timeline);
    const [create] = await rig.timeline.range(room, { direction: 'f', limit: 1 });
    const many = Array.from({ length: 40_000 }, (_, index) => 1_000_000 + index);
    const found = await rig.timeline.events([...many, create!.nid]);
    expect(found.map((event) => event.eventId)).toEqual([create!.eventId]);
  });
});
