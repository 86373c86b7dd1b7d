import { stateEntryKey } from '#protocol/state-resolution/index';
import type { Action, Node } from '../../protocol/state-resolution/test-dag';
import { ALICE, join, startRoom, text, topic } from './elsewhere-room';
import { idsOf } from './ingest-rig';

const CAROL = '@carol:c.org';
const DAN = '@dan:d.org';

const levels = (dan: number): Action => ({
  sender: ALICE,
  type: 'm.room.power_levels',
  stateKey: '',
  content: { users: { [ALICE]: 100, [DAN]: dan }, events: { 'm.room.topic': 0 } },
});

describe('forks that come together', () => {
  it('bring back a member whom no branch has, when what forbade the join turns out to be without right', async () => {
    const rig = await startRoom('10', {}, [levels(50), join(DAN)]);
    try {
      const { dag, joined, receive, timeline } = rig;
      const close: Action = { sender: DAN, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'invite' } };
      const busy = dag.chain([joined], join(CAROL), topic(CAROL, 'carol was here'));
      const closed = dag.add([joined], close);
      const merged = dag.add([busy, closed], text(ALICE, 'no carol'));
      const demoted = dag.add([joined], levels(0));
      const last = dag.add([merged, demoted], text(ALICE, 'carol again'));
      const isThere = (node: Node): boolean => node.after.has(stateEntryKey('m.room.member', CAROL));
      expect([merged, demoted, last].map(isThere)).toEqual([false, false, true]);

      await receive(...[...dag.nodes.values()].map((node) => node.pdu));
      await timeline.ingest.idle();
      for (const node of [merged, last]) {
        const state = await timeline.stateAllAt((await timeline.graph.find(node.eventId))!.event.snapshotAfter);
        expect(state.map((event) => event.eventId).sort()).toEqual(idsOf(node.after));
      }
    } finally {
      await rig.stop();
    }
  });
});
