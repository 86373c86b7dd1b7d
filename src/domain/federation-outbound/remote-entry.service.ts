import { BadJsonError } from '#kernel/errors';
import { isValidServerName, serverNameOf } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import { Turns } from '#kernel/turns';
import { inspectEvent, type InspectedEvent, type SignedEvent } from '#protocol/events/index';
import { isKnownRoomVersion, knownRoomVersions, roomVersion } from '#protocol/room-versions';
import type { Membership, RemoteEntry } from '../membership';
import type { RoomState } from '../room-state';
import type { EventTemplates, EventVerifier, IncomingEvents, RoomImporting, TemplateClaim } from '../timeline';
import type { Arrivals } from './arrivals.model';
import type { AskedServers } from './asked-servers.service';
import type { RemoteJoinAnswer, RemoteServers, RemoteTemplate } from './federation-outbound.ports';
import { KnockRoomState } from './knock-room-state.service';
import { requireRoomSize } from './room-size.model';
import { firstOf } from './try-servers.model';

/** What a room has whose templates do not say: the first version, which is older than the question. */
const OLDEST = '1';
/** More are known when the members have come. */
const MAX_SERVERS_IN_ROOM = 20_000;
/** For a whole join, by way of all servers together: a large room takes its server a while to put together. */
const JOIN_MS = 240_000;
/** With one server, for one user to come in. */
const MAX_HANDSHAKES = 2;
/** How long a user waits for another who enters the same room, and whom a slow server may keep. */
const FOLLOW_MS = 10_000;

export interface RemoteEntriesParts {
  readonly serverName: string;
  readonly remote: RemoteServers;
  readonly rooms: Pick<RoomState, 'info'>;
  readonly membership: Pick<Membership, 'of' | 'joinedLocalUsers' | 'outOfBand'>;
  readonly asked: Pick<AskedServers, 'ofRoom'>;
  readonly incoming: Pick<IncomingEvents, 'accept'>;
  readonly imports: Pick<RoomImporting, 'importRoom'>;
  readonly templates: Pick<EventTemplates, 'signTemplate'>;
  readonly verifier: EventVerifier;
  readonly arrivals: Arrivals;
  /** Told when a room was joined whose members are still to be brought. */
  readonly onPartial: () => void;
}

/** A signed event of one of our users, made on another server's template. */
interface Signed extends SignedEvent {
  readonly version: string;
}

/**
 * Joins, knocks and leaves of our users in rooms that other servers know.
 * Spec: server-server, "Joining Rooms", "Knocking upon a room", "Leaving Rooms".
 */
export class RemoteEntries {
  /** By room: of users who enter an unknown one at the same time the first brings it, and the others only themselves. */
  private readonly handshakes = new Turns();
  /** By room. Nobody but this server is waited for in them. */
  private readonly importing = new Turns();
  private readonly shown: KnockRoomState;

  constructor(private readonly parts: RemoteEntriesParts) {
    this.shown = new KnockRoomState(parts.verifier);
  }

  /** @throws what the most telling server said; NotFoundError when there is nobody to ask */
  join(entry: RemoteEntry): Promise<void> {
    const shake = async (): Promise<void> => {
      const servers = await this.serversFor(entry);
      await firstOf(servers, (server, signal) => this.joinBy(server, entry, signal), JOIN_MS);
    };
    return this.handshakes.run(entry.roomId, shake, FOLLOW_MS);
  }

  async knock(entry: RemoteEntry): Promise<void> {
    await firstOf(await this.serversFor(entry), async (server) => {
      const { roomId, userId } = entry;
      const template = await this.parts.remote.makeKnock(server, roomId, userId, knownRoomVersions());
      const signed = this.sign(entry, 'knock', template);
      const given = await this.parts.remote.sendKnock(server, signed);
      const version = roomVersion(signed.version);
      const event = inspectEvent(version, signed.pdu);
      const strippedState = await this.shown.shownOf(server, version, roomId, given);
      await this.parts.membership.outOfBand.importKnock({
        roomId,
        version: signed.version,
        event,
        strippedState,
        server,
      });
    });
  }

  /** Leaves by way of another server; here the membership is over even when none answers. */
  async leave(entry: RemoteEntry): Promise<void> {
    const { roomId, userId } = entry;
    let event: InspectedEvent | undefined;
    try {
      event = await firstOf(await this.serversFor(entry), async (server) => {
        const signed = this.sign(entry, 'leave', await this.parts.remote.makeLeave(server, roomId, userId));
        await this.parts.remote.sendLeave(server, signed);
        return inspectEvent(roomVersion(signed.version), signed.pdu);
      });
    } catch {
      // The user wants to be rid of it, and nobody can be made to take the news.
    }
    await this.parts.membership.outOfBand.importLeave({ roomId, userId, ...(event !== undefined && { event }) });
  }

  /**
   * The user may be in already, by an earlier request or by a server whose answer was taken in after its time. And a join that
   * another user of ours has overtaken in bringing the room may be history by then: a second one follows what is there.
   */
  private async joinBy(server: string, entry: RemoteEntry, signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < MAX_HANDSHAKES && !(await this.isJoined(entry)); tries++) {
      await this.shakeHands(server, entry, signal);
    }
  }

  private async shakeHands(server: string, entry: RemoteEntry, signal: AbortSignal): Promise<void> {
    const { roomId, userId } = entry;
    const template = await this.parts.remote.makeJoin(server, roomId, userId, knownRoomVersions());
    const signed = this.sign(entry, 'join', template);
    const resident = await this.isResident(roomId);
    const enter = (): Promise<void> => this.enter(server, signed, { resident, signal });
    await (resident ? enter() : this.parts.arrivals.run(roomId, enter));
  }

  private async enter(
    server: string,
    signed: Signed,
    { resident, signal }: { readonly resident: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    // A server that is in the room already has its members, and wants only the other server's word for the join.
    const answer = await this.parts.remote.sendJoin(server, signed, { omitMembers: !resident, signal });
    const joinEvent = answer.event ?? signed.pdu;
    requireSame(signed, joinEvent);
    const isImported = !resident && (await this.importFirst(server, signed, { ...answer, event: joinEvent }));
    if (!isImported) await this.parts.incoming.accept(server, signed.roomId, joinEvent);
  }

  /** Takes the room in, unless another user has brought it meanwhile: that one's state goes on, and is not replaced. */
  private importFirst(server: string, signed: Signed, answer: RemoteJoinAnswer): Promise<boolean> {
    return this.importing.run(signed.roomId, async () => {
      if (await this.isResident(signed.roomId)) return false;
      await this.import(server, signed, answer);
      return true;
    });
  }

  private async import(server: string, { roomId, version }: Signed, answer: RemoteJoinAnswer): Promise<void> {
    const { state, authChain, event } = answer;
    requireRoomSize(answer);
    const room = { roomId, version, origin: server, state, authChain, joinEvent: event! };
    const servers = answer.serversInRoom?.filter(isValidServerName).slice(0, MAX_SERVERS_IN_ROOM);
    if (servers === undefined) {
      await this.parts.imports.importRoom(room);
      return;
    }
    await this.parts.imports.importRoom({ ...room, partial: { serversInRoom: servers } });
    this.parts.onPartial();
  }

  private sign(
    { roomId, userId, content }: RemoteEntry,
    membership: TemplateClaim['membership'],
    template: RemoteTemplate,
  ): Signed {
    const version = template.roomVersion ?? OLDEST;
    if (!isKnownRoomVersion(version)) throw new BadJsonError('The room has a version that this server does not know');
    const claim = { roomId, version, type: 'm.room.member', userId, membership, content } as const;
    return { ...this.parts.templates.signTemplate(claim, template.event), version };
  }

  /** Whom to ask: those named, who invited, who is in the room as far as we know, and where the room comes from. */
  private async serversFor({ userId, roomId, via }: RemoteEntry): Promise<Set<string>> {
    const { membership, rooms, asked, serverName } = this.parts;
    const afar = await membership.outOfBand.of(userId, roomId);
    const invite = afar ?? (await membership.of(userId, roomId));
    const room = await rooms.info(roomId);
    const inRoom = room === undefined ? [] : await asked.ofRoom(room, 5);
    const named = [...via, afar?.server, serverNameOf(invite?.sender ?? ''), ...inRoom, serverNameOf(roomId)];
    return new Set(named.filter((server): server is string => server !== undefined && server !== serverName));
  }

  private async isJoined({ userId, roomId }: RemoteEntry): Promise<boolean> {
    const isThere = (await this.parts.membership.of(userId, roomId))?.membership === 'join';
    return isThere && this.isResident(roomId);
  }

  private async isResident(roomId: string): Promise<boolean> {
    const room = await this.parts.rooms.info(roomId);
    return room !== undefined && (await this.parts.membership.joinedLocalUsers(room)).size > 0;
  }
}

/** The answer may add signatures to our event, and change nothing else. */
function requireSame(signed: Signed, returned: JsonValue): void {
  const { eventId, hashMatches } = inspectEvent(roomVersion(signed.version), returned);
  if (eventId !== signed.eventId || !hashMatches) {
    throw new BadJsonError('The server answered with another join than ours');
  }
}
