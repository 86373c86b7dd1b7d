import type { JsonObject } from '#kernel/json';
import type { Clock } from '#kernel/time';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import { formatClientEvent, membershipOf, redactEvent, type ClientEvent, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { RoomReader } from './member-history.service';

/** How events are to be written. */
export interface EventForm {
  /** The device that asks: gets its own transaction ids back. */
  readonly deviceScope?: string;
  /** Sync leaves the room id out. */
  readonly withoutRoomId?: boolean;
  /** As servers exchange it, with its id: a filter's `event_format` of `federation`. */
  readonly federation?: boolean;
}

/** Writes events for clients: redactions applied, and what `unsigned` tells. Spec: client-server, "Room event format". */
export class EventForms {
  constructor(
    private readonly timeline: Pick<Timeline, 'events' | 'transactionIds'>,
    private readonly now: Clock,
  ) {}

  /** The events in their order; two statements at most, whatever their number. */
  async write(
    reader: RoomReader,
    room: RoomInfo,
    events: readonly StoredEvent[],
    form: EventForm,
  ): Promise<ClientEvent[]> {
    if (form.federation === true) return events.map((event) => raw(room, event));
    const [others, transactions, membershipAt] = await Promise.all([
      this.others(events),
      this.transactions(reader.userId, events, form.deviceScope),
      memberships(reader, events),
    ]);
    return events.map((event) => {
      const unsigned: JsonObject = { age: Math.max(0, this.now() - event.originServerTs) };
      const transactionId = transactions.get(event.nid);
      if (transactionId !== undefined) unsigned.transaction_id = transactionId;
      const replaced = event.replacesNid === null ? undefined : others.get(event.replacesNid);
      if (replaced !== undefined) {
        unsigned.prev_content = readable(room, replaced).content;
        unsigned.replaces_state = replaced.eventId;
      }
      unsigned.membership = membershipAt(event);
      const redaction = event.redactedByNid === null ? undefined : others.get(event.redactedByNid);
      if (redaction !== undefined)
        unsigned.redacted_because = formatClientEvent({ ...redaction, pdu: readable(room, redaction) });
      const { eventId, roomId } = event;
      return formatClientEvent(
        { pdu: readable(room, event), eventId, roomId },
        { withoutRoomId: form.withoutRoomId, unsigned },
      );
    });
  }

  /** The events that some others replaced or were redacted by. */
  private async others(events: readonly StoredEvent[]): Promise<Map<number, StoredEvent>> {
    const nids = new Set<number>();
    for (const event of events) {
      if (event.replacesNid !== null) nids.add(event.replacesNid);
      if (event.redactedByNid !== null) nids.add(event.redactedByNid);
    }
    if (nids.size === 0) return new Map();
    return new Map((await this.timeline.events([...nids])).map((event) => [event.nid, event]));
  }

  private async transactions(
    userId: string,
    events: readonly StoredEvent[],
    scope: string | undefined,
  ): Promise<ReadonlyMap<number, string>> {
    if (scope === undefined) return new Map();
    const own = events.filter((event) => event.sender === userId).map((event) => event.nid);
    return own.length === 0 ? new Map() : this.timeline.transactionIds(own, userId, scope);
  }
}

function raw(room: RoomInfo, event: StoredEvent): ClientEvent {
  return { ...readable(room, event), event_id: event.eventId, room_id: event.roomId };
}

/** An event as anybody may read it: without what its redaction took. */
export function readable(room: RoomInfo, event: StoredEvent): Pdu {
  const pdu = event.pdu as Pdu;
  return event.redactedByNid === null ? pdu : redactEvent(roomVersion(room.version), pdu);
}

/** The reader's membership at events: before them, or as their own member event sets it. */
async function memberships(
  reader: RoomReader,
  events: readonly StoredEvent[],
): Promise<(event: StoredEvent) => string> {
  const { joinedSince, userId } = reader;
  const isClear = (event: StoredEvent) => joinedSince !== undefined && event.ordinal > joinedSince;
  const spans = events.every(isClear) ? undefined : await reader.spans();
  return (event) => {
    if (event.type === 'm.room.member' && event.stateKey === userId) return membershipOf(event.pdu as Pdu) ?? 'leave';
    return isClear(event) ? 'join' : (spans?.before(event.ordinal) ?? 'leave');
  };
}
