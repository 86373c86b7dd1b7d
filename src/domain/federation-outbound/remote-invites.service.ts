import { BadJsonError, ForbiddenError, NotFoundError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { hashAndSign, type Pdu, type Signatures, type SignedEvent } from '#protocol/events/index';
import { ownObject } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { SigningKey } from '#protocol/signing/index';
import type { RoomInfo, RoomState } from '../room-state';
import type { EventPolicy, EventTemplates, IncomingEvents, StoredEvent, Timeline } from '../timeline';
import type { RemoteServers } from './federation-outbound.ports';

/** What an invited user's server is shown of the room. Spec: client-server, "Stripped state". */
const SHOWN = [
  'm.room.create',
  'm.room.join_rules',
  'm.room.name',
  'm.room.canonical_alias',
  'm.room.avatar',
  'm.room.topic',
  'm.room.encryption',
];
/** Bytes of `invite_room_state`; what does not fit is left out, the create event never. SECURITY: row 29. */
const STATE_BUDGET = 256 * 1024;

export interface RemoteInvitesParts {
  readonly serverName: string;
  readonly signingKey: SigningKey;
  readonly remote: RemoteServers;
  readonly rooms: Pick<RoomState, 'info' | 'currentOfRooms' | 'current'>;
  readonly timeline: Pick<Timeline, 'events'>;
  readonly incoming: Pick<IncomingEvents, 'accept'>;
  readonly templates: Pick<EventTemplates, 'draftFor'>;
  readonly policy: Pick<EventPolicy, 'vouch'>;
}

/** Invites of users of other servers, which their servers sign too. Spec: server-server, "Inviting to a room". */
export class RemoteInvites {
  constructor(private readonly parts: RemoteInvitesParts) {}

  /** @throws ForbiddenError by the room's rules; what the room's policy server or the invited server said */
  async invite(
    room: RoomInfo,
    { sender, userId, content }: { readonly sender: string; readonly userId: string; readonly content: JsonObject },
  ): Promise<void> {
    const { serverName, signingKey, templates, policy, remote, incoming } = this.parts;
    const version = roomVersion(room.version);
    const draft = { type: 'm.room.member', sender, stateKey: userId, content: { ...content, membership: 'invite' } };
    const template = await templates.draftFor(room, draft);
    const signed = await policy.vouch(room, hashAndSign(version, template.pdu, serverName, signingKey));
    const server = serverNameOf(userId) ?? '';
    const { roomId } = room;
    const state = await this.shownState(room, sender);
    const returned = await remote.invite(server, { ...signed, roomId, roomVersion: room.version, state });
    await incoming.accept(serverName, roomId, withSignatureOf(server, signed, returned));
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
    if (serverNameOf(userId) !== server) return this.invite(room, { sender, userId, content });
    await this.inviteOurOwn(room, sender, userId, content);
  }

  private async inviteOurOwn(room: RoomInfo, sender: string, userId: string, content: JsonObject): Promise<void> {
    const { serverName, signingKey, templates, incoming } = this.parts;
    const template = await templates.draftFor(room, { type: 'm.room.member', sender, stateKey: userId, content });
    const { pdu } = hashAndSign(roomVersion(room.version), template.pdu, serverName, signingKey);
    await incoming.accept(serverName, room.roomId, pdu);
  }

  private async shownState(room: RoomInfo, sender: string): Promise<Pdu[]> {
    const { rooms, timeline } = this.parts;
    const entries = await rooms.currentOfRooms([room.nid], SHOWN);
    const member = await rooms.current(room, 'm.room.member', sender);
    const nids = entries.filter((entry) => entry.stateKey === '').map((entry) => entry.eventNid);
    const events = await timeline.events([...nids, ...(member === undefined ? [] : [member])]);
    return withinBudget(events.filter((event) => event.redactedByNid === null || event.type === 'm.room.create'));
  }
}

function withinBudget(events: readonly StoredEvent[]): Pdu[] {
  const order = (event: StoredEvent) => (event.type === 'm.room.create' ? -1 : SHOWN.indexOf(event.type));
  let left = STATE_BUDGET;
  return [...events]
    .sort((a, b) => order(a) - order(b))
    .map((event) => event.pdu as Pdu)
    .filter((pdu) => (left -= JSON.stringify(pdu).length) >= 0);
}

/** Our event with the invited server's signature; nothing else of what it gave back counts. */
function withSignatureOf(server: string, { pdu, eventId }: SignedEvent, returned: unknown): Pdu {
  if (!isJsonObject(returned)) throw new BadJsonError(`${server} did not give the invite back`);
  const theirs = ownObject(ownObject(returned, 'signatures'), server);
  if (theirs === undefined) throw new ForbiddenError(`${server} did not sign the invite ${eventId}`);
  // A policy server's signature may stand there too.
  const all = { ...ownObject(pdu.signatures, server), ...theirs };
  const signatures = { ...pdu.signatures, [server]: all } as Signatures;
  return { ...pdu, signatures };
}
