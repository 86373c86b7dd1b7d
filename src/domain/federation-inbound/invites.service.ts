import { BadJsonError, ForbiddenError, InvalidParamError, MissingParamError, NotFoundError } from '#kernel/errors';
import { parseUserId, serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonValue } from '#kernel/json';
import { inspectEvent, isCreateEvent, membershipOf, type InspectedEvent, type Pdu } from '#protocol/events/index';
import { isKnownRoomVersion, roomVersion, type RoomVersion } from '#protocol/room-versions';
import type { Accounts } from '../accounts';
import type { FederationReading } from '../event-views';
import type { Membership, OutOfBandMemberships } from '../membership';
import type { EventTemplates, EventVerifier } from '../timeline';
import { IncompatibleRoomVersionError } from './federation-inbound.errors';

/** An invite of one of our users, as another server brings it. */
export interface OfferedInvite {
  readonly roomId: string;
  readonly eventId: string;
  readonly roomVersion: string;
  readonly event: JsonValue;
  readonly inviteRoomState: readonly JsonValue[];
}

export interface InvitesParts {
  readonly accounts: Pick<Accounts, 'get' | 'isLocal'>;
  readonly reading: Pick<FederationReading, 'room'>;
  readonly membership: Pick<Membership, 'checkInvite' | 'joinedLocalUsers'>;
  readonly outOfBand: Pick<OutOfBandMemberships, 'importInvite'>;
  readonly templates: Pick<EventTemplates, 'countersign'>;
  readonly verifier: EventVerifier;
}

/** Entries of `invite_room_state` that are looked at. SECURITY: rows 29, 39. */
const MAX_STATE = 100;

/** Invites of our users from other servers. Spec: server-server, "Inviting to a room". */
export class Invites {
  constructor(private readonly parts: InvitesParts) {}

  /**
   * Shows an invite to its user and gives it back with our signature.
   * @throws IncompatibleRoomVersionError, BadJsonError, InvalidParamError, ForbiddenError, MissingParamError,
   * InviteBlockedError
   */
  async receive(origin: string, offered: OfferedInvite): Promise<Pdu> {
    if (!isKnownRoomVersion(offered.roomVersion)) throw new IncompatibleRoomVersionError(offered.roomVersion);
    const version = roomVersion(offered.roomVersion);
    const inspected = this.inspect(origin, version, offered);
    const room = await this.knownRoom(origin, offered.roomId);
    if (room !== undefined && room.version !== version.id) throw new InvalidParamError('The room has another version');
    const { pdu } = inspected;
    const userId = pdu.state_key!;
    if ((await this.parts.accounts.get(userId)) === undefined) throw new NotFoundError('No such user');
    await this.parts.membership.checkInvite(pdu.sender, userId);
    const [forged] = await this.parts.verifier.verify(version, [inspected], origin);
    if (forged !== undefined) throw new ForbiddenError(forged.message);
    const strippedState = offered.inviteRoomState.filter(isShownState).slice(0, MAX_STATE);
    if (version.createEventIsRoomId) requireCreate(version, offered.roomId, strippedState);
    const senderServer = serverNameOf(pdu.sender) ?? '';
    const expected = { roomId: offered.roomId, membership: 'invite', senderServer, userId } as const;
    const signed = this.parts.templates.countersign(version, inspected, expected);
    // Where one of ours is in the room, the invite comes as every other event does.
    const isHere = room !== undefined && (await this.parts.membership.joinedLocalUsers(room)).size > 0;
    if (!isHere) {
      const { signedText, hashMatches, roomId } = inspected;
      const event = { ...signed, signedText, hashMatches, roomId };
      await this.parts.outOfBand.importInvite({ roomId, version: version.id, event, strippedState });
    }
    return signed.pdu;
  }

  private inspect(origin: string, version: RoomVersion, { roomId, eventId, event }: OfferedInvite): InspectedEvent {
    const inspected = inspectEvent(version, event);
    const { pdu } = inspected;
    if (!inspected.hashMatches) throw new BadJsonError('The content hash of the event is wrong');
    if (inspected.roomId !== roomId) throw new InvalidParamError('The event is of another room than the path');
    if (inspected.eventId !== eventId) throw new InvalidParamError('The event has another id than the path');
    if (pdu.type !== 'm.room.member' || membershipOf(pdu) !== 'invite' || pdu.state_key === undefined) {
      throw new BadJsonError('The event is not an invite');
    }
    parseUserId(pdu.state_key);
    if (!this.parts.accounts.isLocal(pdu.state_key)) throw new ForbiddenError('The user is not of this server');
    // Also of an invite by address, which needs nobody's signature: else anybody could invite in anybody's name.
    if (serverNameOf(pdu.sender) !== origin) throw new ForbiddenError('The inviter is not of the asking server');
    return inspected;
  }

  /** The room, when this server has heard of it. @throws ForbiddenError when its ACL shuts the server out */
  private async knownRoom(origin: string, roomId: string) {
    try {
      return await this.parts.reading.room(origin, roomId, { inRoom: false });
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }
}

function isShownState(entry: JsonValue): boolean {
  if (!isJsonObject(entry)) return false;
  const { type, state_key: stateKey, sender, content } = entry;
  return (
    typeof type === 'string' && typeof stateKey === 'string' && typeof sender === 'string' && isJsonObject(content)
  );
}

/** Rooms named by their create event: an invite must bring it, or nobody could tell whose room it is. */
function requireCreate(version: RoomVersion, roomId: string, state: readonly JsonValue[]): void {
  const isCreate = (entry: JsonValue): boolean => {
    if (!isJsonObject(entry) || entry['type'] !== 'm.room.create') return false;
    try {
      const { pdu, roomId: made } = inspectEvent(version, entry);
      return isCreateEvent(pdu) && made === roomId;
    } catch {
      return false;
    }
  };
  if (!state.some(isCreate)) throw new MissingParamError('invite_room_state: the create event is missing');
}
