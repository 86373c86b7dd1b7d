import type { JsonObject, JsonValue } from '#kernel/json';
import { contentHash, type Pdu } from '#protocol/events/index';
import { Timeline } from '../../../../../src/domain/timeline';
import { RoomState } from '../../../../../src/domain/room-state';
import { ALICE, BOB, forged, LOCAL, startRoom, text, topic, type ElsewhereRoom } from '../elsewhere-room';
import { KnowingServer, roomIdOfDag, startIngest } from '../ingest-rig';
import { SERVER, signingKey } from '../rig';
import { TestDag, type Node } from '../../../protocol/state-resolution/test-dag';
import { join } from '../elsewhere-room';

const spoilt = (node: Node): Pdu => ({ ...node.pdu, content: { topic: 'spoilt' } });

/** All history that the server has, up to the room's beginning. */
async function fillAll({ timeline, room }: Pick<ElsewhereRoom, 'timeline' | 'room'>): Promise<void> {
  const shown = await timeline.range(room, { direction: 'f', limit: 1 });
  await timeline.history.fillAbove(room, shown, 60_000);
}

/** What another process, or this one after a restart, reads. */
const afresh = ({ storage }: Pick<ElsewhereRoom, 'storage'>): Timeline =>
  new Timeline({ serverName: SERVER, signingKey }, storage, new RoomState(storage));

describe('an event that is known as state alone', () => {
  it('is not replaced by another one that takes its id, which versions 1 and 2 leave to the sender', async () => {
    const rig = await startRoom('1');
    try {
      const { dag, joined, receive, timeline, room } = rig;
      const before = await timeline.currentState(room, 'm.room.member', BOB);
      const authority = (await timeline.currentStateAll(room))
        .filter(({ type, stateKey }) => type !== 'm.room.join_rules' && stateKey !== BOB && stateKey !== LOCAL)
        .map(({ eventId }): JsonValue => [eventId, { sha256: 'hash' }]);
      const usurper = forged(dag, joined, { event_id: before!.eventId, auth_events: authority });
      await receive(usurper);
      const same = { type: 'm.room.member', stateKey: BOB, pdu: before!.pdu };
      expect(await timeline.currentState(room, 'm.room.member', BOB)).toMatchObject(same);
      const fresh = afresh(rig);
      expect(await fresh.currentState(room, 'm.room.member', BOB)).toMatchObject(same);
    } finally {
      await rig.stop();
    }
  });

  it('does not move to another room whose event takes its id', async () => {
    const rig = await startRoom('1');
    try {
      const { dag, timeline, room } = rig;
      const before = await timeline.currentState(room, 'm.room.member', BOB);
      const other = new TestDag('1', ALICE);
      const renamed = (pdu: Pdu): Pdu => {
        const named = JSON.parse(
          JSON.stringify(pdu)
            .replaceAll('!r:a.org', '!other:a.org')
            .replaceAll(/\$(\d+):a/g, '$other$1:a'),
        ) as Pdu;
        return { ...named, hashes: { sha256: contentHash(dag.version, named) } };
      };
      const rules = { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } };
      const entered = other.add([other.chain([other.create], join(ALICE), rules)], join(LOCAL));
      const given = new KnowingServer(other).importOf('!other:a.org', entered);
      const there = await timeline.imports.importRoom({
        ...given,
        state: given.state.map((pdu) => renamed(pdu as Pdu)),
        authChain: given.authChain.map((pdu) => renamed(pdu as Pdu)),
        joinEvent: renamed(entered.pdu),
      });
      const next = renamed(other.add([entered], text(ALICE, 'here')).pdu);
      const usurper = { ...next, event_id: before!.eventId };
      await timeline.ingest.receive('a.org', [{ ...usurper, hashes: { sha256: contentHash(dag.version, usurper) } }]);
      expect(await timeline.currentState(room, 'm.room.member', BOB)).toMatchObject({ roomNid: room.nid });
      expect(await timeline.range(there.room, { direction: 'f', limit: 10 })).toHaveLength(1);
    } finally {
      await rig.stop();
    }
  });

  it('keeps its content when a spoilt copy comes with its history', async () => {
    const rig = await startRoom('11', {}, [topic(ALICE, 'as it was')]);
    try {
      const { server, timeline, room, dag } = rig;
      const node = [...dag.nodes.values()].find(({ pdu }) => pdu.type === 'm.room.topic')!;
      const honest = server.backfill.bind(server);
      server.backfill = async (...call) =>
        (await honest(...call)).map((pdu) => (pdu === node.pdu ? spoilt(node) : pdu));
      await fillAll(rig);
      const content = { topic: 'as it was' };
      expect(await timeline.currentState(room, 'm.room.topic', '')).toMatchObject({ pdu: { content } });
      expect(await afresh(rig).currentState(room, 'm.room.topic', '')).toMatchObject({ pdu: { content } });
    } finally {
      await rig.stop();
    }
  });

  it('gets its content back from its history when the copy that came as state was spoilt', async () => {
    const dag = new TestDag('11', ALICE);
    const rules = { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } };
    const set = dag.chain([dag.create], join(ALICE), rules, topic(ALICE, 'as it was'));
    const joined = dag.add([set], join(LOCAL));
    const server = new KnowingServer(dag);
    const rig = await startIngest(server);
    try {
      const given = server.importOf(roomIdOfDag(dag), joined);
      const swap = (pdu: JsonValue): JsonValue => (pdu === set.pdu ? spoilt(set) : pdu);
      const { room } = await rig.timeline.imports.importRoom({
        ...given,
        state: given.state.map(swap),
        authChain: given.authChain.map(swap),
      });
      expect((await rig.timeline.currentState(room, 'm.room.topic', ''))!.pdu.content).toEqual({});
      await fillAll({ timeline: rig.timeline, room });
      const content: JsonObject = { topic: 'as it was' };
      expect(await rig.timeline.currentState(room, 'm.room.topic', '')).toMatchObject({ pdu: { content } });
      expect(await afresh(rig).currentState(room, 'm.room.topic', '')).toMatchObject({ pdu: { content } });
    } finally {
      await rig.stop();
    }
  });

  it('is judged by the create event that it names, not by one that a server passes off with it', async () => {
    const rig = await startRoom('11');
    try {
      const { dag, joined, receive, room, timeline, server } = rig;
      const passedOff = forged(dag, dag.create, {
        type: 'm.room.create',
        state_key: '',
        sender: '@mallory:a.org',
        content: { room_version: '11', 'm.federate': false },
        prev_events: [],
        depth: 1,
      });
      // Authority of an event that was missed is fetched, and the false beginning comes with it.
      const missed = dag.add([joined], join(BOB));
      const said = dag.add([missed], text(BOB, 'with new authority'));
      const unlinked = { ...said.pdu, prev_events: [joined.eventId] } as Pdu;
      const honest = server.eventAuth.bind(server);
      server.eventAuth = async (name, roomId) => [passedOff, ...(await honest(name, roomId, said.eventId))];
      await receive({ ...unlinked, hashes: { sha256: contentHash(dag.version, unlinked) } });
      await timeline.ingest.idle();
      expect(await rig.standing(missed.eventId)).toMatchObject({ isKnown: true, rejected: false });
      expect(await timeline.range(room, { direction: 'f', limit: 10 })).toHaveLength(2);
    } finally {
      await rig.stop();
    }
  });

  it('is redacted by a redaction that came before it', async () => {
    const rig = await startRoom('11');
    try {
      const { dag, joined, receive, timeline, room } = rig;
      const missed = dag.add([joined], topic(ALICE, 'to be redacted'));
      let last = missed;
      for (let i = 0; i < 3; i++) last = dag.add([last], text(ALICE, `missed ${i}`));
      const redaction = { sender: ALICE, type: 'm.room.redaction', redacts: missed.eventId };
      const early = dag.add([joined], { ...redaction, content: { redacts: missed.eventId } });
      await receive(early.pdu);
      rig.server.getMissingEvents = async () => [];
      await receive(dag.add([last], text(ALICE, 'after it')).pdu);
      await timeline.ingest.idle();
      const held = await timeline.currentState(room, 'm.room.topic', '');
      expect(held!.eventId).toBe(missed.eventId);
      expect(held!.redactedByNid).not.toBeNull();
    } finally {
      await rig.stop();
    }
  });
});
