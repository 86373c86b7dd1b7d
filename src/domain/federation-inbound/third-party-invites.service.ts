import { ForbiddenError, MatrixError, NotFoundError } from '#kernel/errors';
import { parseUserId, serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { membershipOf, type Pdu } from '#protocol/events/index';
import { ownObject, ownString } from '#protocol/json-access';
import type { Accounts } from '../accounts';
import type { FederationReading } from '../event-views';
import { UnreachableServerError } from '../federation';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { IdentityServerKeys, ThirdPartyInviter } from './federation-inbound.ports';
import { InviteKeys } from './invite-keys.service';
import { demand } from './offered-member.model';

export interface ThirdPartyInvitesParts {
  readonly accounts: Pick<Accounts, 'get' | 'isLocal'>;
  readonly reading: Pick<FederationReading, 'room'>;
  readonly rooms: Pick<RoomState, 'info'>;
  readonly timeline: Pick<Timeline, 'currentState'>;
  readonly membership: Pick<Membership, 'checkInvite' | 'joinedLocalUsers'>;
  readonly inviter: ThirdPartyInviter;
  readonly identityServers: IdentityServerKeys;
  readonly onError: (error: unknown) => void;
}

/** What an identity server says has become of invites by address. */
export interface BoundAddress {
  readonly mxid: string;
  readonly invites: readonly {
    readonly mxid: string;
    readonly room_id: string;
    readonly sender: string;
    readonly signed: object;
  }[];
}

/** An identity server's word that a user has the address that somebody invited. */
interface SignedInvite {
  readonly sender: string;
  readonly userId: string;
  readonly signed: JsonObject;
}

/** Invites that one identity server's message may set off. */
const MAX_INVITES = 50;

/** Invites by address, once the address belongs to somebody. Spec: server-server, "Third-party invites". SECURITY: row 19. */
export class ThirdPartyInvites {
  private readonly keys: InviteKeys;

  constructor(private readonly parts: ThirdPartyInvitesParts) {
    this.keys = new InviteKeys(parts.identityServers);
  }

  /**
   * Another server's user has the address that one of our users invited: invites them.
   * @throws InvalidParamError, ForbiddenError, NotFoundError, InviteBlockedError; UnreachableServerError when the identity
   * server or the invited user's does not answer
   */
  async exchange(origin: string, roomId: string, event: JsonObject): Promise<void> {
    const room = await this.parts.reading.room(origin, roomId, { inRoom: false });
    const content = ownObject(event, 'content');
    demand(ownString(event, 'room_id') === roomId, 'The event is of another room than the path');
    demand(ownString(event, 'type') === 'm.room.member', 'The event is not a member event');
    demand(ownString(content, 'membership') === 'invite', 'The membership of the event is not invite');
    const signed = ownObject(ownObject(content, 'third_party_invite'), 'signed') ?? {};
    const userId = ownString(signed, 'mxid') ?? '';
    if (parseUserId(userId).serverName !== origin) throw new ForbiddenError('The user is not of the asking server');
    demand(ownString(event, 'state_key') === userId, 'The event is not for the user who was signed for');
    await this.redeem(room, { sender: ownString(event, 'sender') ?? '', userId, signed });
  }

  /** An address now belongs to a user of ours: has the invites made. Resolves before they are there. @throws NotFoundError */
  async bound({ mxid, invites }: BoundAddress): Promise<void> {
    if (!this.parts.accounts.isLocal(mxid) || (await this.parts.accounts.get(mxid)) === undefined) {
      throw new NotFoundError('No such user');
    }
    const fit = invites.filter((invite) => invite.mxid === mxid && isJsonObject(invite.signed));
    for (const { room_id: roomId, sender, signed } of fit.slice(0, MAX_INVITES)) {
      if (serverNameOf(sender) === undefined) continue;
      const invite = { sender, userId: mxid, signed: signed as JsonObject };
      void this.askFor(roomId, invite).catch((error: unknown) => this.report(error));
    }
  }

  /** Refusals are no faults of ours, and anybody may call {@link bound}. */
  private report(error: unknown): void {
    if (!(error instanceof MatrixError) || error instanceof UnreachableServerError) this.parts.onError(error);
  }

  /** The invite by the inviter's server, which may be this one. */
  private async askFor(roomId: string, invite: SignedInvite): Promise<void> {
    const { accounts, inviter, rooms } = this.parts;
    const { sender, userId, signed } = invite;
    if (!accounts.isLocal(sender)) return inviter.exchange(sender, roomId, userId, { displayName: '', signed });
    const room = await rooms.info(roomId);
    if (room === undefined) throw new NotFoundError('Unknown room');
    if (ownString(signed, 'mxid') !== userId) throw new ForbiddenError('The invite was signed for somebody else');
    await this.redeem(room, invite);
  }

  /** Makes the invite in the name of our user who invited the address. */
  private async redeem(room: RoomInfo, { sender, userId, signed }: SignedInvite): Promise<void> {
    const { accounts, membership, inviter } = this.parts;
    if ((await membership.joinedLocalUsers(room)).size === 0) throw new NotFoundError('Unknown room');
    const invitation = await this.invitation(room, ownString(signed, 'token') ?? '');
    if (invitation.sender !== sender || !accounts.isLocal(sender)) {
      throw new ForbiddenError('The invite was not made by this user');
    }
    await membership.checkInvite(sender, userId);
    const pdu = invitation.pdu as Pdu;
    await this.keys.requireGood(pdu, signed);
    if (await this.isInOrInvited(room, userId)) return;
    // Not by the name that whoever asks would have our user call them.
    const displayName = ownString(pdu.content, 'display_name') ?? '';
    await inviter.exchange(sender, room.roomId, userId, { displayName, signed });
  }

  /**
   * The rules let an invite by address take even joined users back to being invited, and what is signed stands in the room
   * for its members to read and repeat.
   */
  private async isInOrInvited(room: RoomInfo, userId: string): Promise<boolean> {
    const member = await this.parts.timeline.currentState(room, 'm.room.member', userId);
    const membership = membershipOf(member?.pdu as Pdu | undefined);
    return membership === 'join' || membership === 'invite';
  }

  private async invitation(room: RoomInfo, token: string): Promise<StoredEvent> {
    const event = await this.parts.timeline.currentState(room, 'm.room.third_party_invite', token);
    if (event === undefined || event.redactedByNid !== null) throw new NotFoundError('No such invite');
    return event;
  }
}
