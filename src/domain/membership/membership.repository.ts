import type { Reader, SqlValue, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import type { MemberCounts, MembershipState, RoomMembership } from './membership.model';

interface MemberRow {
  readonly room_nid: number;
  readonly room_id: string;
  readonly user_id: string;
  readonly membership: MembershipState;
  readonly event_nid: number;
  readonly event_id: string;
  readonly sender: string;
  readonly ordinal: number;
  readonly forgotten: number;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

const MEMBER = `SELECT m.room_nid, r.room_id, m.user_id, m.membership, m.event_nid, e.event_id, m.sender, m.ordinal,
  m.forgotten, m.stream_writer, m.stream_pos
  FROM room_memberships m JOIN rooms r ON r.nid = m.room_nid JOIN events e ON e.nid = m.event_nid`;
const UPDATED = ['membership', 'event_nid', 'sender', 'ordinal', 'stream_writer', 'stream_pos'];

/** A membership as an append writes it. */
export interface WrittenMembership extends Omit<RoomMembership, 'forgotten'> {
  readonly isLocal: boolean;
}

interface KindFilter {
  readonly is?: string;
  readonly not?: string;
}

export class MembershipReader {
  constructor(protected readonly reader: Reader) {}

  async one(roomNid: number, userId: string): Promise<RoomMembership | undefined> {
    return (await this.members('m.room_nid = ? AND m.user_id = ?', [roomNid, userId]))[0];
  }

  /** All of a user's memberships that are not forgotten. */
  allOf(userId: string): Promise<RoomMembership[]> {
    return this.members('m.user_id = ? AND m.forgotten = 0', [userId]);
  }

  /** Memberships of a room, of one kind or of all but one. */
  ofRoom(roomNid: number, filter: KindFilter): Promise<RoomMembership[]> {
    const { where, params } = inRoom(roomNid, filter);
    return this.members(`${where} ORDER BY m.ordinal`, params);
  }

  /** A page of a room's memberships in order of user id. */
  page(roomNid: number, filter: KindFilter, after: string, limit: number): Promise<RoomMembership[]> {
    const { where, params } = inRoom(roomNid, filter);
    return this.members(`${where} AND m.user_id > ? ORDER BY m.user_id LIMIT ?`, [...params, after, limit]);
  }

  /** Event numbers of the same. */
  async memberEvents(roomNid: number, filter: KindFilter): Promise<number[]> {
    const { where, params } = inRoom(roomNid, filter);
    const sql = `SELECT m.event_nid FROM room_memberships m WHERE ${where} ORDER BY m.ordinal`;
    return (await this.reader.all<{ event_nid: number }>(sql, params)).map((row) => row.event_nid);
  }

  /** The first few users of some memberships, in the order in which they became so. */
  async first(roomNid: number, memberships: readonly string[], but: string, limit: number): Promise<string[]> {
    const list = inList(memberships);
    const sql = `SELECT user_id FROM room_memberships WHERE room_nid = ? AND membership IN ${list.sql} AND user_id <> ?
      ORDER BY ordinal LIMIT ?`;
    const rows = await this.reader.all<{ user_id: string }>(sql, [roomNid, ...list.params, but, limit]);
    return rows.map((row) => row.user_id);
  }

  async joinedLocalUsers(roomNid: number): Promise<string[]> {
    const sql = "SELECT user_id FROM room_memberships WHERE room_nid = ? AND membership = 'join' AND is_local = 1";
    return (await this.reader.all<{ user_id: string }>(sql, [roomNid])).map((row) => row.user_id);
  }

  async joinedRemoteUsers(roomNid: number): Promise<string[]> {
    const sql = "SELECT user_id FROM room_memberships WHERE room_nid = ? AND membership = 'join' AND is_local = 0";
    return (await this.reader.all<{ user_id: string }>(sql, [roomNid])).map((row) => row.user_id);
  }

  async counts(roomNid: number): Promise<MemberCounts | undefined> {
    const sql = 'SELECT joined, invited FROM room_member_counts WHERE room_nid = ?';
    return this.reader.get<MemberCounts>(sql, [roomNid]);
  }

  private async members(where: string, params: readonly SqlValue[]): Promise<RoomMembership[]> {
    return (await this.reader.all<MemberRow>(`${MEMBER} WHERE ${where}`, params)).map(toMembership);
  }
}

export class MembershipWriter extends MembershipReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** Writes memberships, at most one a user and room. A room that was forgotten comes back unless the user is out of it. */
  async put(members: readonly WrittenMembership[]): Promise<void> {
    const isOut = ({ membership }: WrittenMembership) => membership === 'leave' || membership === 'ban';
    const key = ['room_nid', 'user_id'];
    const out = members.filter(isOut);
    const inside = members.filter((member) => !isOut(member));
    if (out.length > 0) await this.tx.upsert('room_memberships', key, out.map(toRow), UPDATED);
    if (inside.length > 0) await this.tx.upsert('room_memberships', key, inside.map(toRow), [...UPDATED, 'forgotten']);
  }

  async startCounting(roomNids: readonly number[]): Promise<void> {
    await this.tx.insert(
      'room_member_counts',
      roomNids.map((roomNid) => ({ room_nid: roomNid, joined: 0, invited: 0 })),
    );
  }

  /** The same for a room that may have been known before. */
  async ensureCounting(roomNid: number): Promise<void> {
    await this.tx.insertIgnore('room_member_counts', ['room_nid'], { room_nid: roomNid, joined: 0, invited: 0 });
  }

  async count(roomNid: number, change: MemberCounts): Promise<void> {
    const sql = 'UPDATE room_member_counts SET joined = joined + ?, invited = invited + ? WHERE room_nid = ?';
    await this.tx.run(sql, [change.joined, change.invited, roomNid]);
  }

  /** False when the user is in the room, or was never. */
  async forget(roomNid: number, userId: string): Promise<boolean> {
    const sql = `UPDATE room_memberships SET forgotten = 1 WHERE room_nid = ? AND user_id = ? AND membership IN ('leave', 'ban')`;
    return (await this.tx.run(sql, [roomNid, userId])) > 0;
  }
}

function inRoom(roomNid: number, { is, not }: KindFilter): { where: string; params: SqlValue[] } {
  const params: SqlValue[] = [roomNid];
  let where = 'm.room_nid = ?';
  if (is !== undefined) params.push(is);
  if (is !== undefined) where += ' AND m.membership = ?';
  if (not !== undefined) params.push(not);
  if (not !== undefined) where += ' AND m.membership <> ?';
  return { where, params };
}

function toRow(member: WrittenMembership) {
  return {
    room_nid: member.roomNid,
    user_id: member.userId,
    membership: member.membership,
    event_nid: member.eventNid,
    sender: member.sender,
    ordinal: member.ordinal,
    is_local: member.isLocal ? 1 : 0,
    forgotten: 0,
    stream_writer: member.position.writer,
    stream_pos: member.position.pos,
  };
}

function toMembership(row: MemberRow): RoomMembership {
  return {
    userId: row.user_id,
    roomNid: row.room_nid,
    roomId: row.room_id,
    membership: row.membership,
    eventNid: row.event_nid,
    eventId: row.event_id,
    sender: row.sender,
    ordinal: row.ordinal,
    position: { writer: row.stream_writer, pos: row.stream_pos },
    forgotten: row.forgotten === 1,
  };
}
