import { setImmediate as breathe } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { BadJsonError, ForbiddenError, MatrixError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonValue } from '#kernel/json';
import { atMost } from '#platform/cache/at-most';
import { inspectEvent, isCreateEvent, type FormatOptions, type InspectedEvent, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import type { RoomVersion } from '#protocol/room-versions';
import { compileServerAcl, type ServerAcl } from '#protocol/server-acl';
import type { RoomInfo, RoomState } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import type { VerifiedEvent } from '../ingest.model';
import type { EventVerifier } from '../ingest.ports';

/** Events inspected between two turns of the event loop: a large room has a hundred thousand. */
const BATCH = 64;

type Inspected = InspectedEvent | { readonly error: MatrixError };

/** An event, or why it must be dropped. */
export type Checked = { readonly event: VerifiedEvent } | { readonly eventId?: string; readonly error: MatrixError };

/** The checks on an event that need no state of its room but its ACL: format, size, hash, signatures, room. */
export class IncomingChecks {
  private readonly acls = new LRUCache<number, ServerAcl>(atMost(5_000));

  constructor(
    private readonly rooms: RoomState,
    private readonly events: EventStore,
    private readonly verifier: () => EventVerifier,
  ) {}

  /** Checks events of one room, or of one version when the room is not known yet; one answer each, in order. */
  async check(
    version: RoomVersion,
    roomId: string,
    origin: string,
    values: readonly JsonValue[],
    options: FormatOptions = {},
  ): Promise<readonly Checked[]> {
    const inspected = await inspectAll(version, roomId, values, options);
    const sound = inspected.flatMap((one) => ('pdu' in one ? [one] : []));
    const verdicts = sound.length === 0 ? [] : await this.verifier().verify(version, sound, origin);
    const failures = new Map(sound.map((event, index) => [event, verdicts[index]]));
    return inspected.map((one): Checked => {
      if (!('pdu' in one)) return { error: one.error };
      const failure = failures.get(one);
      if (failure === undefined) return { event: { ...one, origin } };
      const error = failure instanceof MatrixError ? failure : new ForbiddenError(failure.message);
      return { eventId: one.eventId, error };
    });
  }

  /** Whether the room's ACL lets a server take part. The list is compiled once for each event that sets it. */
  async allows(room: RoomInfo, serverName: string): Promise<boolean> {
    const nid = await this.rooms.current(room, 'm.room.server_acl', '');
    if (nid === undefined) return true;
    const known = this.acls.get(nid);
    if (known !== undefined) return known.allows(serverName);
    const event = await this.events.event(nid);
    const acl = compileServerAcl((event?.pdu as Pdu | undefined)?.content);
    this.acls.set(nid, acl);
    return acl.allows(serverName);
  }

  /** Refuses what a denied server sends or has its users send. Spec: "Server Access Control Lists". */
  async checkAcl(room: RoomInfo, origin: string, sender: string): Promise<ForbiddenError | undefined> {
    const server = serverNameOf(sender) ?? '';
    const allowed = (await this.allows(room, origin)) && (server === origin || (await this.allows(room, server)));
    return allowed ? undefined : new ForbiddenError('Your server is not allowed in this room');
  }
}

async function inspectAll(
  version: RoomVersion,
  roomId: string,
  values: readonly JsonValue[],
  options: FormatOptions,
): Promise<Inspected[]> {
  const inspected: Inspected[] = [];
  for (const [index, value] of values.entries()) {
    if (index > 0 && index % BATCH === 0) await breathe();
    inspected.push(inspect(version, roomId, value, options));
  }
  return inspected;
}

function inspect(version: RoomVersion, roomId: string, value: JsonValue, options: FormatOptions): Inspected {
  try {
    const event = inspectEvent(version, value, options);
    if (event.roomId !== roomId) throw new BadJsonError('The event is of another room');
    if (event.pdu.prev_events.length === 0 && !isCreateEvent(event.pdu)) {
      throw new BadJsonError('The event follows no event');
    }
    return event;
  } catch (error) {
    if (error instanceof MatrixError) return { error };
    throw error;
  }
}

/** The room that a value claims to be of; undefined when it names none. */
export function claimedRoom(value: JsonValue): string | undefined {
  return isJsonObject(value) ? ownString(value, 'room_id') : undefined;
}
