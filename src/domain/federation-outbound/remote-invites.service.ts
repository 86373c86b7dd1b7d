import { NotFoundError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { hashAndSign, type Pdu, type Signatures, type SignedEvent } from '#protocol/events/index';
import { ownObject } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { SigningKey } from '#protocol/signing/index';
import type { Membership } from '../membership';
import type { RoomInfo, RoomState } from '../room-state';
import type { EventPolicy, EventTemplates, IncomingEvents } from '../timeline';
import { UnusableAnswerError } from './federation-outbound.errors';
import type { RemoteServers } from './federation-outbound.ports';

export interface RemoteInvitesParts {
  readonly serverName: string;
  readonly signingKey: SigningKey;
  readonly remote: RemoteServers;
  readonly rooms: Pick<RoomState, 'info'>;
  readonly membership: Pick<Membership, 'shownState'>;
  readonly incoming: Pick<IncomingEvents, 'accept'>;
  readonly templates: Pick<EventTemplates, 'draftFor'>;
  readonly policy: Pick<EventPolicy, 'vouch'>;
}

/** Invites of users of other servers, which their servers sign too. Spec: server-server, "Inviting to a room". */
export class RemoteInvites {
  constructor(private readonly parts: RemoteInvitesParts) {}

  /** The event's id. @throws ForbiddenError by the room's rules; what the room's policy server or the invited server said */
  async invite(
    room: RoomInfo,
    { sender, userId, content }: { readonly sender: string; readonly userId: string; readonly content: JsonObject },
  ): Promise<string> {
    const { serverName, signingKey, membership, templates, policy, remote, incoming } = this.parts;
    const version = roomVersion(room.version);
    const draft = { type: 'm.room.member', sender, stateKey: userId, content: { ...content, membership: 'invite' } };
    const template = await templates.draftFor(room, draft);
    const signed = await policy.vouch(room, hashAndSign(version, template.pdu, serverName, signingKey));
    const server = serverNameOf(userId) ?? '';
    const { roomId } = room;
    const state = await membership.shownState.forServer(room, [sender]);
    const returned = await remote.invite(server, { ...signed, roomId, roomVersion: room.version, state });
    return (await incoming.accept(serverName, roomId, withSignatureOf(server, signed, returned))).eventId;
  }

  /**
   * Invites the user to whom an address that was invited belongs: here when the inviter is ours, else by asking the
   * inviter's server.
   */
  async exchange(
    sender: string,
    roomId: string,
    userId: string,
    { displayName, signed }: { readonly displayName: string; readonly signed: object },
  ): Promise<void> {
    const content = {
      membership: 'invite',
      third_party_invite: { display_name: displayName, signed: signed as JsonObject },
    };
    const server = serverNameOf(sender) ?? '';
    if (server !== this.parts.serverName) {
      const event = { type: 'm.room.member', room_id: roomId, sender, state_key: userId, content };
      return this.parts.remote.exchangeThirdPartyInvite(server, roomId, event);
    }
    const room = await this.parts.rooms.info(roomId);
    if (room === undefined) throw new NotFoundError('Unknown room');
    if (serverNameOf(userId) === server) await this.inviteOurOwn(room, sender, userId, content);
    else await this.invite(room, { sender, userId, content });
  }

  private async inviteOurOwn(room: RoomInfo, sender: string, userId: string, content: JsonObject): Promise<void> {
    const { serverName, signingKey, templates, incoming } = this.parts;
    const template = await templates.draftFor(room, { type: 'm.room.member', sender, stateKey: userId, content });
    const { pdu } = hashAndSign(roomVersion(room.version), template.pdu, serverName, signingKey);
    await incoming.accept(serverName, room.roomId, pdu);
  }
}

/** Our event with the invited server's signature; nothing else of what it gave back counts. */
function withSignatureOf(server: string, { pdu, eventId }: SignedEvent, returned: unknown): Pdu {
  if (!isJsonObject(returned)) throw new UnusableAnswerError(server, 'the invite was not given back');
  const theirs = ownObject(ownObject(returned, 'signatures'), server);
  if (theirs === undefined) throw new UnusableAnswerError(server, `the invite ${eventId} was not signed`);
  // A policy server's signature may stand there too.
  const all = { ...ownObject(pdu.signatures, server), ...theirs };
  const signatures = { ...pdu.signatures, [server]: all } as Signatures;
  return { ...pdu, signatures };
}
