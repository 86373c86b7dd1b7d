import { ALICE, BOB, join, member, startRoom, text, type ElsewhereRoom } from './elsewhere-room';

const MALLORY = '@mallory:b.org';

describe('a gap in what is known of a room', () => {
  let rig: ElsewhereRoom;
  beforeEach(async () => {
    rig = await startRoom('11', {}, [join(MALLORY)]);
  });
  afterEach(() => rig.stop());

  it('is no way for the banned to be heard: what is pushed into it may be soft-failed', async () => {
    const { dag, joined, receive, room, order, server, standing, timeline } = rig;
    const ban = dag.add([joined], member(ALICE, BOB, 'ban'));
    const evasion = dag.add([joined], text(BOB, 'from before my ban'));
    const accomplice = dag.add([ban, evasion], text(MALLORY, 'look what Bob says'));
    await receive(ban.pdu);
    server.getMissingEvents = async () => [];
    await receive(accomplice.pdu);
    await timeline.ingest.idle();
    expect(await order(room)).toEqual([joined.eventId, ban.eventId, accomplice.eventId]);
    const [outcome] = await receive(evasion.pdu);
    expect(outcome).toMatchObject({ status: 'soft_failed' });
    expect(await standing(evasion.eventId)).toMatchObject({ softFailed: true, ordinal: undefined });
    expect(await order(room)).toEqual([joined.eventId, ban.eventId, accomplice.eventId]);
  });

  it('is filled in its place by what comes late and is allowed', async () => {
    const { dag, joined, receive, room, order, server, timeline } = rig;
    const late = dag.add([joined], text(BOB, 'late'));
    const next = dag.add([late], text(ALICE, 'next'));
    server.getMissingEvents = async () => [];
    await receive(next.pdu);
    await timeline.ingest.idle();
    expect((await receive(late.pdu))[0]).toMatchObject({ status: 'accepted' });
    expect(await order(room)).toEqual([joined.eventId, late.eventId, next.eventId]);
  });

  it('does not end at events that were never allowed (row 45)', async () => {
    const { dag, joined, receive, room, order, server, timeline } = rig;
    const oldest = dag.add([joined], text(ALICE, 'oldest'));
    let last = oldest;
    for (let i = 0; i < 3; i++) last = dag.add([last], { ...member(BOB, ALICE, 'ban'), ts: 1_000 + i });
    const newest = dag.add([last], text(ALICE, 'newest'));
    server.getMissingEvents = async () => [];
    const honest = server.backfill.bind(server);
    // One event at a time, so that a page has rejected ones alone.
    server.backfill = async (name, roomId, ids) => honest(name, roomId, ids, 1);
    await receive(newest.pdu);
    await timeline.ingest.idle();
    for (let page = 0; page < 5; page++) {
      const shown = await timeline.range(room, { direction: 'f', limit: 10 });
      const above = shown.filter((event) => event.eventId === newest.eventId);
      await timeline.history.fillAbove(room, above, 60_000);
    }
    expect(await order(room)).toEqual([joined.eventId, oldest.eventId, newest.eventId]);
  });
});
