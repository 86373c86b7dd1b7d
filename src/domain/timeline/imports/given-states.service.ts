import { BadJsonError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import type { Reader } from '#platform/storage/storage';
import { createEventIdOf, isCreateEvent, roomVersionOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import type { RoomVersion } from '#protocol/room-versions';
import type { RoomInfo, RoomState } from '../../room-state';
import { DagReader } from '../store/dag.repository';
import type { EventJudge } from '../placing/event-judge.service';
import type { VerifiedEvent } from '../ingest.model';
import { UNKNOWN_STATE } from '../timeline.model';

export interface GivenStatesParts {
  readonly serverName: string;
  readonly storage: Reader;
  readonly rooms: Pick<RoomState, 'current'>;
  readonly judge: Pick<EventJudge, 'byAuthEvents'>;
}

/** Whole states as other servers give them, and what of them is believed. */
export class GivenStates {
  private readonly dag: DagReader;

  constructor(private readonly parts: GivenStatesParts) {
    this.dag = new DagReader(parts.storage);
  }

  /**
   * The create event of a state. It is judged before anything of the room is kept: else any server could say of any room
   * what version it has, and nobody could join the real one. SECURITY: rows 16, 42.
   * @throws BadJsonError
   */
  beginning(version: RoomVersion, roomId: string, state: readonly VerifiedEvent[]): VerifiedEvent {
    const creates = new Map(
      state.filter((event) => isCreateEvent(event.pdu)).map((event) => [event.eventId, event] as const),
    );
    const [create] = creates.values();
    if (create === undefined) throw new BadJsonError('The state lacks the create event');
    if (creates.size > 1) throw new BadJsonError('The state has several create events');
    if (version.createEventIsRoomId && create.eventId !== createEventIdOf(roomId)) {
      throw new BadJsonError('The create event is of another room');
    }
    if (roomVersionOf(create.pdu.content) !== version.id) throw new BadJsonError('The room has another version');
    const refusal = this.parts.judge.byAuthEvents(version, create, [], undefined);
    if (refusal !== undefined) throw new BadJsonError(`The create event is not allowed: ${refusal.message}`);
    return create;
  }

  /**
   * The events of a state but for joins of our users which we know to be over: else a server could bring everybody back in
   * who ever left its room. Joins that we do not know may be on their way, by another request. SECURITY: row 10.
   */
  async held(room: RoomInfo, state: readonly VerifiedEvent[]): Promise<Set<string>> {
    const held = new Map(state.map(({ eventId, pdu }) => [eventId, pdu]));
    const ours = state.filter(({ pdu }) => this.isJoinOfOurs(pdu)).map(({ eventId }) => eventId);
    for (const { eventId, nid, roomNid, snapshotBefore } of await this.dag.byIds(ours)) {
      if (roomNid !== room.nid || snapshotBefore === UNKNOWN_STATE) continue;
      const { type, state_key: userId = '' } = held.get(eventId)!;
      if ((await this.parts.rooms.current(room, type, userId)) !== nid) held.delete(eventId);
    }
    return new Set(held.keys());
  }

  private isJoinOfOurs({ type, state_key: userId = '', content }: Pdu): boolean {
    const isOurs = type === 'm.room.member' && serverNameOf(userId) === this.parts.serverName;
    return isOurs && ownString(content, 'membership') === 'join';
  }
}
