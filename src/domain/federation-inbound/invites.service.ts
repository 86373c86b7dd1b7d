import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { isValidUserId, serverNameOf } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import type { InspectedEvent, Pdu } from '#protocol/events/index';
import { isKnownRoomVersion, roomVersion, type RoomVersion } from '#protocol/room-versions';
import type { Accounts } from '../accounts';
import type { FederationReading } from '../event-views';
import type { Membership, OutOfBandMemberships } from '../membership';
import type { RoomInfo } from '../room-state';
import type { EventTemplates, EventVerifier } from '../timeline';
import { IncompatibleRoomVersionError } from './federation-inbound.errors';
import { readInviteRoomState } from './invite-room-state.model';
import { demand, inspectMember } from './offered-member.model';

/** An invite of one of our users, as another server brings it. */
export interface OfferedInvite {
  readonly roomId: string;
  readonly eventId: string;
  /** Those that the room may have: one, or of the operation of old the first two. */
  readonly roomVersions: readonly string[];
  readonly event: JsonValue;
  readonly inviteRoomState: readonly JsonValue[] | undefined;
}

export interface InvitesParts {
  readonly accounts: Pick<Accounts, 'get' | 'isLocal'>;
  readonly reading: Pick<FederationReading, 'room'>;
  readonly membership: Pick<Membership, 'checkInvite' | 'joinedLocalUsers'>;
  readonly outOfBand: Pick<OutOfBandMemberships, 'importInvite'>;
  readonly templates: Pick<EventTemplates, 'countersign'>;
  readonly verifier: EventVerifier;
}

/** Invites of our users from other servers. Spec: server-server, "Inviting to a room". */
export class Invites {
  constructor(private readonly parts: InvitesParts) {}

  /**
   * Shows an invite to its user and gives it back with our signature.
   * @throws IncompatibleRoomVersionError, BadJsonError, InvalidParamError, MissingParamError, ForbiddenError,
   * InviteBlockedError; NotFoundError when there is no such user
   */
  async receive(origin: string, offered: OfferedInvite): Promise<Pdu> {
    const room = await this.knownRoom(origin, offered.roomId);
    const version = versionOf(offered, room);
    const inspected = this.inspect(origin, version, offered);
    const { pdu } = inspected;
    const userId = pdu.state_key!;
    if ((await this.parts.accounts.get(userId)) === undefined) throw new NotFoundError('No such user');
    await this.parts.membership.checkInvite(pdu.sender, userId);
    const { entries, events } = readInviteRoomState(version, offered.roomId, offered.inviteRoomState);
    await this.requireSignatures(version, [inspected, ...events], origin);
    const expected = { roomId: offered.roomId, membership: 'invite', senderServer: origin, userId } as const;
    const signed = this.parts.templates.countersign(version, inspected, expected);
    // Where one of ours is in the room, the invite comes as every other event does.
    const isHere = room !== undefined && (await this.parts.membership.joinedLocalUsers(room)).size > 0;
    if (!isHere) {
      const { signedText, hashMatches, roomId } = inspected;
      const event = { ...signed, signedText, hashMatches, roomId };
      await this.parts.outOfBand.importInvite({ roomId, version: version.id, event, strippedState: entries });
    }
    return signed.pdu;
  }

  /** What the specification lists, lest we sign what is no invite, or in another's name. */
  private inspect(origin: string, version: RoomVersion, { roomId, eventId, event }: OfferedInvite): InspectedEvent {
    const inspected = inspectMember(version, { roomId, eventId, pdu: event }, 'invite');
    const { pdu } = inspected;
    const invited = pdu.state_key ?? '';
    demand(isValidUserId(invited) && this.parts.accounts.isLocal(invited), 'The user is not of this server');
    // Also of an invite by address, which needs nobody's signature: else anybody could invite in anybody's name.
    demand(serverNameOf(pdu.sender) === origin, 'The sender is not of the asking server');
    return inspected;
  }

  private async requireSignatures(
    version: RoomVersion,
    events: readonly InspectedEvent[],
    origin: string,
  ): Promise<void> {
    const forged = (await this.parts.verifier.verify(version, events, origin)).find((error) => error !== undefined);
    if (forged !== undefined) throw new InvalidParamError(forged.message);
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

/**
 * The version whose rules the invite goes by.
 * @throws IncompatibleRoomVersionError; InvalidParamError when the room is known to have another
 */
function versionOf({ roomVersions }: OfferedInvite, room: RoomInfo | undefined): RoomVersion {
  const [first = ''] = roomVersions;
  if (!isKnownRoomVersion(first)) throw new IncompatibleRoomVersionError(first);
  if (room === undefined) return roomVersion(first);
  if (!roomVersions.includes(room.version)) throw new InvalidParamError('The room has another version');
  return roomVersion(room.version);
}
