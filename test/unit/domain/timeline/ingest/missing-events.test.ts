import { ALICE, startRoom, text, topic, type ElsewhereRoom } from '../elsewhere-room';
import type { Node } from '../../../protocol/state-resolution/test-dag';

describe('what another server is asked for, because an event refers to it', () => {
  let rig: ElsewhereRoom;
  let unasked: Node[];
  beforeEach(async () => {
    rig = await startRoom();
    unasked = Array.from({ length: 100 }, (_, n) => rig.dag.add([rig.joined], topic(ALICE, `unasked ${n}`)));
    rig.server.getMissingEvents = async () => [];
  });
  afterEach(() => rig.stop());

  const unaskedKept = async (): Promise<number> => {
    const standings = await Promise.all(unasked.map(({ eventId }) => rig.standing(eventId)));
    return standings.filter(({ isKnown }) => isKnown).length;
  };
  const levels = () =>
    rig.dag.add([rig.joined], {
      sender: ALICE,
      type: 'm.room.power_levels',
      stateKey: '',
      content: { users: {}, ban: 90 },
    });
  const receive = async (event: Node): Promise<void> => {
    await rig.receive(event.pdu);
    await rig.timeline.ingest.idle();
  };

  it('is kept as its authority, and nothing that came beside it (row 36)', async () => {
    const { dag, server } = rig;
    const power = levels();
    const event = dag.add([power], text(ALICE, 'by new levels'));
    const honest = server.eventAuth.bind(server);
    server.eventAuth = async (...call) => [...unasked.map(({ pdu }) => pdu), ...(await honest(...call))];
    await receive(event);
    expect(server.calls).toContain('event_auth');
    expect(await rig.standing(power.eventId)).toMatchObject({ isKnown: true, rejected: false });
    expect(await rig.standing(event.eventId)).toMatchObject({ isKnown: true, rejected: false });
    expect(await unaskedKept()).toBe(0);
  });

  it('is kept as the state before it, and nothing that came beside it (row 36)', async () => {
    const { dag, server } = rig;
    const set = Array.from({ length: 70 }, (_, n) => ({ ...topic(ALICE, 'of many'), stateKey: `${n}` }));
    const event = dag.chain([rig.joined], ...set, text(ALICE, 'after much'));
    const honest = server.state.bind(server);
    server.state = async (...call) => {
      const { state, authChain } = await honest(...call);
      return { state: [...unasked.map(({ pdu }) => pdu), ...state], authChain };
    };
    await receive(event);
    expect(server.calls).toContain('state');
    expect(await rig.standing(event.eventId)).toMatchObject({ isKnown: true, rejected: false });
    expect(await unaskedKept()).toBe(0);
  });

  it('is kept when it is the one that was asked for, not another that came in its place (row 28)', async () => {
    const { dag, server } = rig;
    const missing = dag.add([rig.joined], topic(ALICE, 'asked for'));
    const event = dag.add([missing], text(ALICE, 'after it'));
    server.event = async () => unasked[0]!.pdu;
    await receive(event);
    expect(await rig.standing(missing.eventId)).toMatchObject({ isKnown: false });
    expect(await unaskedKept()).toBe(0);
  });
});
