import { BadJsonError, ForbiddenError, InvalidParamError, NotFoundError } from '#kernel/errors';
import { parseUserId, serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { ownObject, ownString } from '#protocol/json-access';
import type { Accounts } from '../accounts';
import type { FederationReading } from '../event-views';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline } from '../timeline';
import type { ThirdPartyInviter } from './federation-inbound.ports';

export interface ThirdPartyInvitesParts {
  readonly accounts: Pick<Accounts, 'get' | 'isLocal'>;
  readonly reading: Pick<FederationReading, 'room'>;
  readonly timeline: Pick<Timeline, 'currentState'>;
  readonly inviter: ThirdPartyInviter;
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

/** Invites that one identity server's message may set off. */
const MAX_INVITES = 50;

/** Invites by address, once the address belongs to somebody. Spec: server-server, "Third-party invites". SECURITY: row 19. */
export class ThirdPartyInvites {
  constructor(private readonly parts: ThirdPartyInvitesParts) {}

  /**
   * Another server's user has the address that one of our users invited: invites them.
   * @throws InvalidParamError, BadJsonError, ForbiddenError, NotFoundError
   */
  async exchange(origin: string, roomId: string, event: JsonObject): Promise<void> {
    const room = await this.parts.reading.room(origin, roomId, { inRoom: false });
    if (ownString(event, 'room_id') !== roomId)
      throw new InvalidParamError('The event is of another room than the path');
    const content = ownObject(event, 'content');
    if (ownString(event, 'type') !== 'm.room.member' || ownString(content, 'membership') !== 'invite') {
      throw new BadJsonError('The event is not an invite');
    }
    const invite = ownObject(content, 'third_party_invite');
    const signed = ownObject(invite, 'signed');
    const userId = ownString(signed, 'mxid') ?? '';
    if (parseUserId(userId).serverName !== origin) throw new ForbiddenError('The user is not of the asking server');
    if (ownString(event, 'state_key') !== userId)
      throw new BadJsonError('The event is not for the user who was signed for');
    const sender = ownString(event, 'sender') ?? '';
    const invitation = await this.invitation(room, ownString(signed, 'token') ?? '');
    if (invitation.sender !== sender || !this.parts.accounts.isLocal(sender)) {
      throw new ForbiddenError('The invite was not made by this user');
    }
    const displayName = ownString(invite, 'display_name') ?? '';
    await this.parts.inviter.exchange(sender, roomId, userId, { displayName, signed: signed! });
  }

  /** An address now belongs to a user of ours: asks the inviters' servers for the invites. Resolves before they are there. */
  async bound({ mxid, invites }: BoundAddress): Promise<void> {
    if (!this.parts.accounts.isLocal(mxid) || (await this.parts.accounts.get(mxid)) === undefined) {
      throw new NotFoundError('No such user');
    }
    const fit = invites.filter((invite) => invite.mxid === mxid && isJsonObject(invite.signed));
    for (const { room_id: roomId, sender, signed } of fit.slice(0, MAX_INVITES)) {
      if (serverNameOf(sender) === undefined) continue;
      const invite = { displayName: '', signed };
      void this.parts.inviter.exchange(sender, roomId, mxid, invite).catch(this.parts.onError);
    }
  }

  private async invitation(room: RoomInfo, token: string): Promise<StoredEvent> {
    const event = await this.parts.timeline.currentState(room, 'm.room.third_party_invite', token);
    if (event === undefined || event.redactedByNid !== null) throw new NotFoundError('No such invite');
    return event;
  }
}
