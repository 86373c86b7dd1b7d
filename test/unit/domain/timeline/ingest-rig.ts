import type { JsonValue } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import { RoomState, type RoomInfo } from '../../../../src/domain/room-state';
import {
  Timeline,
  type MissingEventSource,
  type RemoteEventTime,
  type RoomImport,
} from '../../../../src/domain/timeline';
import { authEventIds, prevEventIds, type Pdu } from '#protocol/events/index';
import { isStateEvent } from '#protocol/events/index';
import type { Node, TestDag } from '../../protocol/state-resolution/test-dag';
import { SERVER, signingKey, startTimeline } from './rig';

/** Another server that knows all of a room and tells what it is asked. */
export class KnowingServer implements MissingEventSource {
  /** Names of the calls that were made. */
  readonly calls: string[] = [];

  constructor(private readonly dag: TestDag) {}

  async getMissingEvents(
    _server: string,
    _roomId: string,
    { earliest, latest, limit, minDepth }: Parameters<MissingEventSource['getMissingEvents']>[2],
  ): Promise<JsonValue[]> {
    this.calls.push('get_missing_events');
    const stop = new Set([...earliest, ...latest]);
    const found = new Set<string>();
    let step = [...latest];
    while (step.length > 0 && found.size < limit) {
      step = [...new Set(step.flatMap((id) => prevEventIds(this.node(id).pdu)))].filter(
        (id) => !stop.has(id) && !found.has(id) && this.node(id).pdu.depth >= minDepth,
      );
      step.forEach((id) => found.add(id));
    }
    return [...found].slice(0, limit).map((id) => this.node(id).pdu);
  }

  async event(_server: string, eventId: string): Promise<JsonValue | undefined> {
    this.calls.push('event');
    return this.dag.nodes.get(eventId)?.pdu;
  }

  async stateIds(_server: string, _roomId: string, eventId: string) {
    this.calls.push('state_ids');
    const stateIds = [...this.before(eventId).values()];
    return { stateIds, authChainIds: [...this.chain(stateIds)] };
  }

  async state(server: string, roomId: string, eventId: string) {
    const { stateIds, authChainIds } = await this.stateIds(server, roomId, eventId);
    this.calls.push('state');
    return { state: this.pdus(stateIds), authChain: this.pdus(authChainIds) };
  }

  async eventAuth(_server: string, _roomId: string, eventId: string): Promise<JsonValue[]> {
    this.calls.push('event_auth');
    return this.pdus(this.chain(authEventIds(this.node(eventId).pdu)));
  }

  async backfill(_server: string, _roomId: string, eventIds: readonly string[], limit: number): Promise<JsonValue[]> {
    this.calls.push('backfill');
    const found = new Set(eventIds.filter((id) => this.dag.nodes.has(id)));
    for (const id of found) {
      if (found.size < limit) for (const before of prevEventIds(this.node(id).pdu)) found.add(before);
    }
    return this.pdus([...found].slice(0, limit));
  }

  async nearestTo(
    _server: string,
    _roomId: string,
    { ts, direction }: Parameters<MissingEventSource['nearestTo']>[2],
  ): Promise<RemoteEventTime | undefined> {
    this.calls.push('timestamp_to_event');
    const timed = [...this.dag.nodes.values()].map(({ eventId, pdu }) => ({
      eventId,
      originServerTs: pdu.origin_server_ts,
    }));
    timed.sort((a, b) => a.originServerTs - b.originServerTs);
    const isBack = direction === 'b';
    const fitting = timed.filter((one) => (isBack ? one.originServerTs <= ts : one.originServerTs >= ts));
    return isBack ? fitting.at(-1) : fitting[0];
  }

  /** What send_join answers for a join that is in the graph. */
  importOf(roomId: string, join: Node): RoomImport {
    const stateIds = [...this.before(join.eventId).values()];
    return {
      roomId,
      version: this.dag.version.id,
      origin: 'a.org',
      state: this.pdus(stateIds),
      authChain: this.pdus(this.chain(stateIds)),
      joinEvent: join.pdu,
    };
  }

  before(eventId: string): Map<string, string> {
    return this.dag.resolve(prevEventIds(this.node(eventId).pdu).map((id) => this.node(id).after));
  }

  chain(eventIds: readonly string[]): Set<string> {
    const chain = new Set(eventIds);
    for (const id of chain) for (const auth of authEventIds(this.node(id).pdu)) chain.add(auth);
    return chain;
  }

  private pdus(ids: Iterable<string>): Pdu[] {
    return [...ids].map((id) => this.node(id).pdu);
  }

  private node(eventId: string): Node {
    return this.dag.nodes.get(eventId)!;
  }
}

/** A timeline that hears of a room from {@link KnowingServer}; everybody's signature is good. */
export async function startIngest(
  source: MissingEventSource,
  localMembers: string[] = [],
  wrap?: (storage: Storage) => Storage,
) {
  const rig = await startTimeline(wrap);
  const errors: unknown[] = [];
  /** The servers of every room, in the order in which they are asked. */
  const others = ['a.org'];
  const bind = (timeline: Timeline): void =>
    timeline.bindElsewhere(
      {
        verifier: { verify: async (_version, events) => events.map(() => undefined) },
        source,
        servers: {
          isResident: async () => true,
          serversToAsk: async (_room, limit) => others.slice(0, limit),
          localMembers: async () => localMembers,
        },
      },
      (error) => errors.push(error),
    );
  bind(rig.timeline);
  /** Ends the timeline and goes on with another one, which knows what is stored and no more. */
  const restart = async (timeline: Timeline): Promise<Timeline> => {
    await timeline.ingest.stop();
    const again = new Timeline({ serverName: SERVER, signingKey }, rig.storage, new RoomState(rig.storage));
    bind(again);
    await again.ingest.start();
    return again;
  };
  /** Event ids of the room's current state. */
  const current = async (room: RoomInfo, timeline: Timeline = rig.timeline): Promise<string[]> =>
    (await timeline.currentStateAll(room)).map((event) => event.eventId).sort();
  const extremities = async (room: RoomInfo): Promise<string[]> => {
    const sql =
      'SELECT e.event_id AS id FROM room_extremities x JOIN events e ON e.nid = x.event_nid WHERE x.room_nid = ?';
    return (await rig.storage.all<{ id: string }>(sql, [room.nid])).map((row) => row.id);
  };
  /** How an event is kept. */
  const standing = async (eventId: string) => {
    const sql = 'SELECT rejected, soft_failed, ordinal FROM events WHERE event_id = ?';
    const row = await rig.storage.get<{ rejected: number; soft_failed: number; ordinal: number | null }>(sql, [
      eventId,
    ]);
    return {
      isKnown: row !== undefined,
      rejected: row?.rejected === 1,
      softFailed: row?.soft_failed === 1,
      ordinal: row?.ordinal ?? undefined,
    };
  };
  return { ...rig, errors, others, restart, current, extremities, standing };
}

export const roomIdOfDag = (dag: TestDag): string =>
  dag.version.createEventIsRoomId ? `!${dag.create.eventId.slice(1)}` : '!r:a.org';

export const idsOf = (state: ReadonlyMap<string, string>): string[] => [...state.values()].sort();

export const isState = (node: Node): boolean => isStateEvent(node.pdu);
