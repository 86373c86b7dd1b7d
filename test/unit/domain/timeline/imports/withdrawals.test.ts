import { Relations } from '../../../../../src/domain/relations';
import type { StoredEvent, Withdrawal } from '../../../../../src/domain/timeline';
import type { Node } from '../../../protocol/state-resolution/test-dag';
import { ALICE, BOB, text } from '../elsewhere-room';
import { ofMallory, startPartial, type PartialRig } from '../partial-room';

describe('events that were taken in while members were missing, and that the whole state refuses', () => {
  let rig: PartialRig;
  let relations: Relations;
  let told: Withdrawal[];
  let honest: Node;
  beforeEach(async () => {
    // Everybody may redact, so that who is banned has something to undo.
    rig = await startPartial('11', { redact: 0 });
    relations = new Relations(rig.storage);
    told = [];
    rig.timeline.addParticipant(relations);
    rig.timeline.addParticipant({ eventsWithdrawn: async (_tx, withdrawal) => void told.push(withdrawal) });
    honest = rig.dag.add([rig.joined], text(BOB, 'honest'));
    await rig.receive(honest.pdu);
  });
  afterEach(() => rig.stop());

  const event = async (eventId: string): Promise<StoredEvent> => (await rig.timeline.event(eventId))!;
  const idsOf = (events: readonly StoredEvent[]) => events.map(({ eventId }) => eventId);
  const fromMallory = async (more: Parameters<typeof ofMallory>[3] = {}): Promise<string> => {
    const [outcome] = await rig.receive(ofMallory(rig.dag, honest, rig.joinedOnce, more));
    expect(outcome).toMatchObject({ status: 'accepted' });
    return outcome!.eventId!;
  };
  const redact = (by: string, eventId: string) => ({
    sender: by,
    type: 'm.room.redaction',
    content: { redacts: eventId },
  });
  const reaction = (eventId: string) => ({
    type: 'm.reaction',
    content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key: '👍' } },
  });
  const isAnnotated = async (userId: string): Promise<boolean> => {
    const sql = 'SELECT COUNT(*) AS n FROM event_relations WHERE parent_id = ? AND sender = ? AND redacted = 0';
    return (await rig.storage.get<{ n: number }>(sql, [honest.eventId, userId]))!.n > 0;
  };

  it('are found no more, by nobody who knew them', async () => {
    const said = await fromMallory();
    expect(await rig.timeline.event(said)).toBeDefined();
    await rig.complete();
    expect(await rig.timeline.event(said)).toBeUndefined();
    expect(told.map(({ events }) => idsOf(events))).toEqual([[said]]);
  });

  it('relate to nothing any more', async () => {
    const sender = '@mallory:m.org';
    await fromMallory(reaction(honest.eventId));
    const other = rig.dag.add([honest], { sender: BOB, ...reaction(honest.eventId) });
    await rig.receive(other.pdu);
    expect([await isAnnotated(sender), await isAnnotated(BOB)]).toEqual([true, true]);
    await rig.complete();
    expect([await isAnnotated(sender), await isAnnotated(BOB)]).toEqual([false, true]);
  });

  describe('and that had redacted something', () => {
    const redacted = async (): Promise<{ target: string; by: string }> => {
      const target = rig.dag.add([honest], { sender: BOB, ...reaction(honest.eventId) });
      await rig.receive(target.pdu);
      const [outcome] = await rig.receive(
        ofMallory(rig.dag, target, rig.joinedOnce, { ...redact('@mallory:m.org', target.eventId) }),
      );
      return { target: target.eventId, by: outcome!.eventId! };
    };

    it('have not redacted it', async () => {
      const { target, by } = await redacted();
      expect((await event(target)).redactedByNid).toBe((await event(by)).nid);
      expect(await isAnnotated(BOB)).toBe(false);
      await rig.complete();
      expect((await event(target)).redactedByNid).toBeNull();
      expect(idsOf(told[0]!.restored)).toEqual([target]);
      expect(await isAnnotated(BOB)).toBe(true);
    });

    it('leave it redacted where another redaction holds', async () => {
      const { target } = await redacted();
      const rightful = rig.dag.add([rig.dag.nodes.get(target)!], redact(ALICE, target));
      await rig.receive(rightful.pdu);
      expect((await event(target)).redactedByNid).not.toBe((await event(rightful.eventId)).nid);
      await rig.complete();
      expect((await event(target)).redactedByNid).toBe((await event(rightful.eventId)).nid);
      expect(told[0]!.restored).toEqual([]);
      expect(await isAnnotated(BOB)).toBe(false);
    });
  });

  it('are told of to nobody when completing the state fails', async () => {
    const said = await fromMallory();
    let failures = 0;
    rig.timeline.addParticipant({
      eventsWithdrawn: async () => {
        if (failures++ === 0) throw new Error('disk full');
      },
    });
    await expect(rig.complete()).rejects.toThrow('disk full');
    expect(await rig.timeline.event(said)).toBeDefined();
    await rig.complete();
    expect(await rig.timeline.event(said)).toBeUndefined();
  });
});
