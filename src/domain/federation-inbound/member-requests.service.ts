import { ForbiddenError, NotFoundError } from '#kernel/errors';
import { parseUserId, serverNameOf } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import type { InspectedEvent, Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { FederationReading, JoinState } from '../event-views';
import { UnableToGrantJoinError, type Membership } from '../membership';
import type { RoomInfo } from '../room-state';
import type { EventTemplate, EventTemplates, IncomingEvents, StoredEvent, Timeline } from '../timeline';
import { IncompatibleRoomVersionError } from './federation-inbound.errors';
import type { Relay } from './federation-inbound.ports';
import { demand, inspectMember, type OfferedEvent } from './offered-member.model';

type Asked = 'join' | 'leave' | 'knock';

export interface JoinAnswer extends JoinState {
  readonly event: StoredEvent;
  readonly membersOmitted: boolean;
}

export interface MemberRequestsParts {
  readonly serverName: string;
  readonly reading: Pick<FederationReading, 'room' | 'joinState'>;
  readonly membership: Pick<Membership, 'servers' | 'joinedLocalUsers' | 'authoriseJoin' | 'shownState'>;
  readonly partialStates: Pick<Timeline['partialStates'], 'isPartial'>;
  readonly templates: Pick<EventTemplates, 'draftFor' | 'countersign'>;
  readonly incoming: Pick<IncomingEvents, 'accept'>;
  readonly relay: Relay;
}

const AUTHORISER = 'join_authorised_via_users_server';

/**
 * The joins, leaves and knocks of other servers' users in rooms that this server is in: first a template, then the signed
 * event. Spec: server-server, "Joining Rooms", "Leaving Rooms", "Knocking upon a room". SECURITY: rows 19, 49.
 */
export class MemberRequests {
  constructor(private readonly parts: MemberRequestsParts) {}

  /**
   * The event that a user of the asking server would have to sign.
   * @throws NotFoundError, ForbiddenError, IncompatibleRoomVersionError; for restricted rooms also UnableToGrantJoinError
   * and UnableToAuthoriseJoinError
   */
  async make(
    origin: string,
    membership: Asked,
    roomId: string,
    userId: string,
    versions?: readonly string[],
  ): Promise<EventTemplate> {
    const room = await this.residentRoom(origin, roomId);
    checkUser(origin, userId);
    if (versions !== undefined && !versions.includes(room.version))
      throw new IncompatibleRoomVersionError(room.version);
    if (membership === 'join') await this.requireWhole(room);
    const vouched = membership === 'join' ? await this.parts.membership.authoriseJoin(room, userId) : {};
    const content = { membership, ...vouched };
    return this.parts.templates.draftFor(room, { type: 'm.room.member', sender: userId, stateKey: userId, content });
  }

  /** Lets a join in; the state that the joining server begins with. @throws as {@link make}, BadJsonError, InvalidParamError */
  async join(origin: string, offered: OfferedEvent, options: { readonly omitMembers: boolean }): Promise<JoinAnswer> {
    const room = await this.residentRoom(origin, offered.roomId);
    const inspected = inspect(origin, room, offered, 'join');
    await this.requireWhole(room);
    const isEntry = !(await this.parts.membership.servers.has(room, origin));
    const signed = await this.countersigned(origin, room, inspected);
    const event = await this.take(origin, offered.roomId, inspected, signed, { isEntry });
    const { omitMembers } = options;
    const state = await this.parts.reading.joinState(event, { omitMembers });
    return { ...state, event, membersOmitted: omitMembers };
  }

  async leave(origin: string, offered: OfferedEvent): Promise<void> {
    const room = await this.residentRoom(origin, offered.roomId);
    const inspected = inspect(origin, room, offered, 'leave');
    await this.take(origin, offered.roomId, inspected, inspected.pdu);
  }

  /** Lets a knock in; the events by which its user may know the room. */
  async knock(origin: string, offered: OfferedEvent): Promise<Pdu[]> {
    const room = await this.residentRoom(origin, offered.roomId);
    const inspected = inspect(origin, room, offered, 'knock');
    await this.take(origin, offered.roomId, inspected, inspected.pdu);
    return this.parts.membership.shownState.forServer(room, []);
  }

  /** A room that this server can let others into. Rooms in which it is not are like unknown ones. */
  private async residentRoom(origin: string, roomId: string): Promise<RoomInfo> {
    const room = await this.parts.reading.room(origin, roomId, { inRoom: false });
    if ((await this.parts.membership.joinedLocalUsers(room)).size === 0) throw new NotFoundError('Unknown room');
    return room;
  }

  /** Who joined by way of another server, and does not know all members yet, cannot give others the state. */
  private async requireWhole(room: RoomInfo): Promise<void> {
    if (await this.parts.partialStates.isPartial(room)) throw new UnableToGrantJoinError();
  }

  /**
   * The join with this server's signature. Where it is in the name of one of our users, the signature lets the joiner into
   * a restricted room: the conditions are checked anew.
   */
  private async countersigned(origin: string, room: RoomInfo, inspected: InspectedEvent): Promise<JsonValue> {
    const { pdu } = inspected;
    const authoriser = ownString(pdu.content, AUTHORISER);
    if (authoriser !== undefined && parseUserId(authoriser).serverName === this.parts.serverName) {
      const vouched = await this.parts.membership.authoriseJoin(room, pdu.sender);
      // Invited meanwhile, or the room is open now: the join does not need the name, but the name must be good.
      if (vouched[AUTHORISER] === undefined && !(await this.mayVouch(room, authoriser))) {
        throw new ForbiddenError('The user named is not in the room');
      }
    }
    const expected = { roomId: room.roomId, membership: 'join', senderServer: origin, userId: pdu.sender } as const;
    return this.parts.templates.countersign(roomVersion(room.version), inspected, expected).pdu;
  }

  private async mayVouch(room: RoomInfo, userId: string): Promise<boolean> {
    return (await this.parts.membership.joinedLocalUsers(room)).has(userId);
  }

  private async take(
    origin: string,
    roomId: string,
    { eventId }: InspectedEvent,
    pdu: JsonValue,
    options?: { readonly isEntry: boolean },
  ): Promise<StoredEvent> {
    const { relay, incoming } = this.parts;
    relay.announce(eventId, options);
    try {
      return await incoming.accept(origin, roomId, pdu);
    } finally {
      relay.withdraw(eventId);
    }
  }
}

function checkUser(origin: string, userId: string): void {
  if (parseUserId(userId).serverName !== origin) throw new ForbiddenError('The user is not of the asking server');
}

/** @throws InvalidParamError, BadJsonError for what is no such event of a user of the asking server about themselves */
function inspect(origin: string, room: RoomInfo, offered: OfferedEvent, asked: Asked): InspectedEvent {
  const version = roomVersion(room.version);
  const inspected = inspectMember(version, offered, asked);
  const { pdu } = inspected;
  demand(pdu.state_key === pdu.sender, 'The event is of somebody else than its sender');
  demand(serverNameOf(pdu.sender) === origin, 'The sender is not of the asking server');
  const isOfSender = version.eventIds !== 'field' || serverNameOf(offered.eventId) === origin;
  demand(isOfSender, 'The event id is not of the asking server');
  return inspected;
}
