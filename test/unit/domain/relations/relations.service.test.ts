import type { RoomInfo } from '../../../../src/domain/room-state';
import { redact, relate, startReading, type ReadingRig } from '../event-views/reading-rig';
import { ALICE, BOB, makeRoom, say } from '../timeline/rig';

describe('relations', () => {
  let rig: ReadingRig;
  let room: RoomInfo;
  let target: string;
  beforeEach(async () => {
    rig = await startReading();
    room = await makeRoom(rig.timeline, '12', [BOB]);
    target = await say(rig.timeline, room.roomId, ALICE, 'target');
  });
  afterEach(() => rig.stop());

  const react = (userId: string, key: string) =>
    relate(
      rig.timeline,
      room.roomId,
      userId,
      { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key } },
      'm.reaction',
    );
  const threadOf = async (eventId: string) => rig.relations.threadOf((await rig.timeline.event(eventId))!);
  const related = (relType: string, eventId: string) =>
    relate(rig.timeline, room.roomId, BOB, { 'm.relates_to': { rel_type: relType, event_id: eventId } });

  it('refuses the same reaction by the same user twice, until the first one is redacted', async () => {
    const first = await react(BOB, '👍');
    await react(BOB, '👎');
    await react(ALICE, '👍');
    await expect(react(BOB, '👍')).rejects.toMatchObject({ errcode: 'M_DUPLICATE_ANNOTATION' });
    await redact(rig.timeline, room.roomId, BOB, first);
    await expect(react(BOB, '👍')).resolves.toMatch(/^\$/);
  });

  it('does not count a reaction that was redacted before it came', async () => {
    const content = { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key: '👍' } };
    const redacted = await rig.timeline.event(target);
    const event = { ...redacted!, nid: redacted!.nid + 1_000, eventId: '$early', sender: BOB, type: 'm.reaction' };
    const late = { ...event, redactedByNid: 1, pdu: { ...event.pdu, content } };
    await rig.storage.write((tx) => rig.relations.eventsAppended(tx, [{ event: late, isCurrentState: false }]));
    await expect(react(BOB, '👍')).resolves.toMatch(/^\$/);
  });

  it('puts what relates to an event of a thread into the thread, and the root into none', async () => {
    const reply = await related('m.thread', target);
    const edit = await related('m.replace', reply);
    const reference = await related('m.reference', edit);
    expect(await threadOf(target)).toBeUndefined();
    expect([await threadOf(reply), await threadOf(edit), await threadOf(reference)]).toEqual([target, target, target]);
    expect(await threadOf(await related('m.reference', target))).toBeUndefined();
  });

  it('does not follow relations into another room', async () => {
    const reply = await related('m.thread', target);
    const other = await makeRoom(rig.timeline);
    const content = { 'm.relates_to': { rel_type: 'm.reference', event_id: reply } };
    expect(await threadOf(await relate(rig.timeline, other.roomId, ALICE, content))).toBeUndefined();
  });

  it.each([
    { rel_type: 'm.thread' },
    { event_id: '$x' },
    { rel_type: 1, event_id: '$x' },
    { rel_type: 'x'.repeat(300), event_id: '$x' },
    'text',
    null,
  ])('carries a malformed relation %j along and ignores it', async (relation) => {
    const eventId = await relate(rig.timeline, room.roomId, BOB, { 'm.relates_to': relation });
    expect(await threadOf(eventId)).toBeUndefined();
  });
});
