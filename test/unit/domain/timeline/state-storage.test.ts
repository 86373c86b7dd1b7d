import { TestDag } from '../../protocol/state-resolution/test-dag';
import { KnowingServer, roomIdOfDag, startIngest } from './ingest-rig';
import { say } from './rig';

const ALICE = '@alice:a.org';
const LOCAL = '@local:trellis.test';
const MEMBERS = 400;

const member = (sender: string, membership: string) => ({
  sender,
  type: 'm.room.member',
  stateKey: sender,
  content: { membership },
});

describe('the states of a large room from elsewhere', () => {
  it('are stored once, and events at forks add their own entries alone', async () => {
    const dag = new TestDag('11', ALICE);
    const rules = { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } };
    const others = Array.from({ length: MEMBERS }, (_, index) => member(`@user-${index}:a.org`, 'join'));
    const before = dag.chain([dag.create], member(ALICE, 'join'), rules, ...others);
    const joined = dag.add([before], member(LOCAL, 'join'));
    const server = new KnowingServer(dag);
    const rig = await startIngest(server);
    try {
      const { timeline, storage } = rig;
      const { room } = await timeline.imports.importRoom(server.importOf(roomIdOfDag(dag), joined));
      const rows = async (): Promise<number> =>
        (await storage.get<{ n: number }>('SELECT COUNT(*) AS n FROM state_deltas'))!.n;
      const whole = await rows();
      expect(whole).toBeLessThanOrEqual(MEMBERS + 4 + 1);
      const left = dag.add([joined], member('@user-0:a.org', 'leave'));
      const right = dag.add([joined], member('@user-1:a.org', 'leave'));
      const both = dag.add([left, right], member('@user-2:a.org', 'leave'));
      const outcomes = await timeline.ingest.receive('a.org', [left.pdu, right.pdu, both.pdu]);
      expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted']);
      expect((await rows()) - whole).toBe(1 + 2 + 1);
      await say(timeline, room.roomId, LOCAL, 'nothing of the state');
      expect((await rows()) - whole).toBe(4);
      await timeline.append(room, [{ ...member(LOCAL, 'leave') }]);
      expect((await rows()) - whole).toBe(5);
    } finally {
      await rig.stop();
    }
  });
});
