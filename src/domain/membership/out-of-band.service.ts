import { serverNameOf } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { Turns } from '#kernel/turns';
import { StreamCache } from '#platform/cache/stream-cache';
import type { Storage, Tx } from '#platform/storage/storage';
import { formatStrippedState, type Pdu, type StrippedState } from '#protocol/events/index';
import type { RoomState } from '../room-state';
import type { AppendedEvent, AppendParticipant } from '../timeline';
import { MEMBER_EVENT, type MembershipState, type RoomMembership } from './membership.model';
import type { OutOfBandMember, OutOfBandMembership, OutOfBandMemberships } from './out-of-band.model';
import { OutOfBandReader, OutOfBandWriter, type OutOfBandDetails } from './out-of-band.repository';
import { OUT_OF_BAND_STREAM } from './out-of-band.stream';

const MAX_ENTRIES = 100;
const MAX_BYTES = 64 * 1024;
/** A user's invites and knocks from afar at one time; the rest of a flood of them is not shown. */
const MAX_OF_USER = 500;

type NewMember = Pick<
  OutOfBandMember,
  'userId' | 'roomId' | 'version' | 'membership' | 'eventId' | 'sender' | 'server'
>;

/**
 * Invites and knocks in rooms that this server is not in. A membership in the room itself takes their place.
 * SECURITY: rows 29, 39.
 */
export class OutOfBand implements OutOfBandMemberships, AppendParticipant {
  private readonly reader: OutOfBandReader;
  /** By user, then room id. */
  private readonly known = new StreamCache<string, ReadonlyMap<string, OutOfBandMember>>(20_000);
  /** One user's invites are kept one after another: those that came at the same time would not count each other. */
  private readonly turns = new Turns();

  constructor(
    private readonly storage: Storage,
    private readonly rooms: Pick<RoomState, 'info'>,
    private readonly serverName: string,
  ) {
    this.reader = new OutOfBandReader(storage);
  }

  importInvite(invite: OutOfBandMembership): Promise<RoomMembership> {
    return this.import(invite, 'invite', serverNameOf(invite.event.pdu.sender) ?? '');
  }

  importKnock(knock: OutOfBandMembership & { readonly server: string }): Promise<RoomMembership> {
    return this.import(knock, 'knock', knock.server);
  }

  async importLeave(leave: Parameters<OutOfBandMemberships['importLeave']>[0]): Promise<void> {
    const { userId, roomId, event } = leave;
    const before = await this.of(userId, roomId);
    if (before === undefined) return;
    const { version, server } = before;
    const sender = event?.pdu.sender ?? userId;
    const details = { eventJson: event?.json ?? null, strippedState: '[]' };
    const eventId = event?.eventId ?? before.eventId;
    await this.put({ userId, roomId, version, membership: 'leave', eventId, sender, server }, details);
  }

  async of(userId: string, roomId: string): Promise<OutOfBandMember | undefined> {
    return (await this.ofUser(userId)).get(roomId);
  }

  /** A user's, by room id; none for users of other servers. One statement when not at hand. */
  async ofUser(userId: string): Promise<ReadonlyMap<string, OutOfBandMember>> {
    if (serverNameOf(userId) !== this.serverName) return new Map();
    const read = async () => new Map((await this.reader.ofUser(userId)).map((member) => [member.roomId, member]));
    return this.known.load(userId, read);
  }

  /** What came with the invite or knock, and the member event itself. */
  async strippedState({ userId, roomId }: RoomMembership): Promise<StrippedState[]> {
    const details = await this.reader.details(userId, roomId);
    if (details === undefined) return [];
    const shown = JSON.parse(details.strippedState) as StrippedState[];
    const own = this.eventOf(details);
    return own === undefined
      ? shown
      : [...shown.filter(({ type, state_key: key }) => type !== MEMBER_EVENT || key !== userId), own];
  }

  /** The event by which a membership ended, as its user is shown it; undefined when no server knows of the end. */
  async event({ userId, roomId }: RoomMembership): Promise<JsonObject | undefined> {
    const json = (await this.reader.details(userId, roomId))?.eventJson;
    return json === undefined || json === null ? undefined : (JSON.parse(json) as JsonObject);
  }

  /** Forgets an invite or knock that has ended. False when there is none. */
  async forget(userId: string, roomId: string): Promise<boolean> {
    if ((await this.of(userId, roomId))?.membership !== 'leave') return false;
    await this.storage.write((tx) => this.remove(tx, userId, roomId));
    return true;
  }

  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    for (const { event, isCurrentState } of appended) {
      const { type, stateKey, roomId } = event;
      if (!isCurrentState || type !== MEMBER_EVENT || stateKey === null || serverNameOf(stateKey) !== this.serverName)
        continue;
      // Nearly always the user is at hand and has nothing from afar.
      if (this.known.peek(stateKey)?.has(roomId) !== false) await this.remove(tx, stateKey, roomId);
    }
  }

  private async remove(tx: Tx, userId: string, roomId: string): Promise<void> {
    if (!(await new OutOfBandWriter(tx).remove(userId, roomId))) return;
    tx.afterCommit(() => this.known.drop(userId));
  }

  private async import(
    { roomId, version, event, strippedState }: OutOfBandMembership,
    membership: MembershipState,
    server: string,
  ): Promise<RoomMembership> {
    const userId = event.pdu.state_key!;
    const details = { eventJson: event.json, strippedState: JSON.stringify(usable(strippedState)) };
    const { eventId, pdu } = event;
    return this.put({ userId, roomId, version, membership, eventId, sender: pdu.sender, server }, details);
  }

  private put(member: NewMember, details: OutOfBandDetails): Promise<OutOfBandMember> {
    return this.turns.run(member.userId, () => this.putNext(member, details));
  }

  private async putNext(member: NewMember, details: OutOfBandDetails): Promise<OutOfBandMember> {
    const { userId, roomId } = member;
    const all = await this.ofUser(userId);
    const known = (await this.rooms.info(roomId))?.nid ?? all.get(roomId)?.roomNid;
    return this.storage.write(async (tx) => {
      const position = tx.position();
      const roomNid = known ?? tx.id('room');
      const whole: OutOfBandMember = {
        ...member,
        roomNid,
        eventNid: 0,
        ordinal: 0,
        position,
        forgotten: false,
        outOfBand: true,
      };
      const writer = new OutOfBandWriter(tx);
      await writer.put(whole, details);
      if (all.size >= MAX_OF_USER) await this.keepFew(writer, whole);
      tx.afterCommit(() => this.known.drop(userId));
      tx.publish({ stream: OUT_OF_BAND_STREAM, key: userId, position });
      return whole;
    });
  }

  /** Makes room for a new one. Whoever sends most loses most: a flood takes nobody else's invites away. */
  private async keepFew(writer: OutOfBandWriter, { userId, roomId }: RoomMembership): Promise<void> {
    const others = (await writer.ofUser(userId)).filter((member) => member.roomId !== roomId);
    for (const { roomId: excess } of overflow(others, MAX_OF_USER - 1)) await writer.remove(userId, excess);
  }

  private eventOf({ eventJson }: OutOfBandDetails): StrippedState | undefined {
    return eventJson === null ? undefined : formatStrippedState(JSON.parse(eventJson) as Pdu);
  }
}

/** Those beyond so many: always the oldest of the server that has most. */
function overflow(members: readonly OutOfBandMember[], limit: number): OutOfBandMember[] {
  const byServer = new Map<string, OutOfBandMember[]>();
  for (const member of [...members].sort((a, b) => a.position.pos - b.position.pos)) {
    byServer.set(member.server, [...(byServer.get(member.server) ?? []), member]);
  }
  const lists = [...byServer.values()];
  return Array.from({ length: Math.max(0, members.length - limit) }, () => {
    const longest = lists.reduce((a, b) => (b.length > a.length ? b : a));
    return longest.shift()!;
  });
}

/** Entries of stripped state in their form, few and small enough. */
function usable(entries: readonly JsonValue[]): StrippedState[] {
  const kept: StrippedState[] = [];
  let left = MAX_BYTES;
  for (const entry of entries.slice(0, MAX_ENTRIES)) {
    const state = stripped(entry);
    if (state === undefined || (left -= JSON.stringify(state).length) < 0) continue;
    kept.push(state);
  }
  return kept;
}

function stripped(entry: JsonValue): StrippedState | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { type, state_key: stateKey, sender, content } = entry;
  const isState = typeof type === 'string' && typeof stateKey === 'string' && typeof sender === 'string';
  return isState && isJsonObject(content) ? formatStrippedState(entry as Pdu) : undefined;
}
