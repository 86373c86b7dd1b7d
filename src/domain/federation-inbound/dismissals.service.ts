import { MatrixError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { authEventIds, inspectEvent, type InspectedEvent } from '#protocol/events/index';
import { ownObject, ownString } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { Membership, OutOfBandMember, OutOfBandMemberships } from '../membership';
import type { RoomState } from '../room-state';
import type { EventVerifier } from '../timeline';

export interface DismissalsParts {
  readonly rooms: Pick<RoomState, 'info'>;
  readonly membership: Pick<Membership, 'joinedLocalUsers'>;
  readonly outOfBand: Pick<OutOfBandMemberships, 'of' | 'importLeave'>;
  readonly verifier: EventVerifier;
}

const OVER: ReadonlySet<string | undefined> = new Set(['leave', 'ban']);
const WAITING: ReadonlySet<string> = new Set(['invite', 'knock']);

/**
 * Invites of our users that were taken back, and knocks that were turned down, in rooms that this server is not in. Nobody
 * here can tell what the room allows. But whoever invited may take it back, and a server that let us knock may say no: those
 * are believed, about the very invite or knock that their event names as its authority, so that an end that comes late does
 * not undo the next invite. SECURITY: row 10.
 */
export class Dismissals {
  constructor(private readonly parts: DismissalsParts) {}

  /** Ends the invite or knock that an event is about; the event's id. Undefined for every other event. */
  async receive(origin: string, event: JsonValue): Promise<string | undefined> {
    const member = isJsonObject(event) ? await this.subjectOf(event) : undefined;
    const end = member && (await this.believed(origin, member, event));
    if (member === undefined || end === undefined) return undefined;
    const { userId, roomId } = member;
    await this.parts.outOfBand.importLeave({ userId, roomId, event: end });
    return end.eventId;
  }

  /** Whose invite or knock the event would end. Nearly always there is none, and all that is asked for is at hand. */
  private async subjectOf(event: JsonObject): Promise<OutOfBandMember | undefined> {
    const [roomId, userId] = [ownString(event, 'room_id'), ownString(event, 'state_key')];
    if (ownString(event, 'type') !== 'm.room.member' || roomId === undefined || userId === undefined) return undefined;
    if (!OVER.has(ownString(ownObject(event, 'content'), 'membership'))) return undefined;
    const member = await this.parts.outOfBand.of(userId, roomId);
    if (member === undefined || !WAITING.has(member.membership)) return undefined;
    const room = await this.parts.rooms.info(roomId);
    const isHere = room !== undefined && (await this.parts.membership.joinedLocalUsers(room)).size > 0;
    return isHere ? undefined : member;
  }

  private async believed(
    origin: string,
    { version: versionId, server, eventId }: OutOfBandMember,
    event: JsonValue,
  ): Promise<InspectedEvent | undefined> {
    const version = roomVersion(versionId);
    const inspected = inspectedOf(() => inspectEvent(version, event));
    if (inspected === undefined || serverNameOf(inspected.pdu.sender) !== server) return undefined;
    if (!authEventIds(inspected.pdu).includes(eventId)) return undefined;
    const [forged] = await this.parts.verifier.verify(version, [inspected], origin);
    return forged === undefined ? inspected : undefined;
  }
}

function inspectedOf(inspect: () => InspectedEvent): InspectedEvent | undefined {
  try {
    return inspect();
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}
