import type { Reader, Tx } from '#platform/storage/storage';
import type { MembershipState } from './membership.model';
import type { OutOfBandMember } from './out-of-band.model';

interface Row {
  readonly user_id: string;
  readonly room_id: string;
  readonly room_nid: number;
  readonly version: string;
  readonly membership: MembershipState;
  readonly event_id: string;
  readonly sender: string;
  readonly server: string;
  readonly stream_writer: number;
  readonly stream_pos: number;
}

/** What is kept beside the membership itself. */
export interface OutOfBandDetails {
  /** The member event as JSON. */
  readonly eventJson: string | null;
  readonly strippedState: string;
}

const COLUMNS = 'user_id, room_id, room_nid, version, membership, event_id, sender, server, stream_writer, stream_pos';

export class OutOfBandReader {
  constructor(protected readonly reader: Reader) {}

  async ofUser(userId: string): Promise<OutOfBandMember[]> {
    const sql = `SELECT ${COLUMNS} FROM out_of_band_memberships WHERE user_id = ?`;
    return (await this.reader.all<Row>(sql, [userId])).map(toMembership);
  }

  async details(userId: string, roomId: string): Promise<OutOfBandDetails | undefined> {
    const sql = 'SELECT event_json, stripped_state FROM out_of_band_memberships WHERE user_id = ? AND room_id = ?';
    const row = await this.reader.get<{ event_json: string | null; stripped_state: string }>(sql, [userId, roomId]);
    return row && { eventJson: row.event_json, strippedState: row.stripped_state };
  }
}

export class OutOfBandWriter extends OutOfBandReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  async put(member: OutOfBandMember, { eventJson, strippedState }: OutOfBandDetails): Promise<void> {
    await this.tx.upsert('out_of_band_memberships', ['user_id', 'room_id'], {
      user_id: member.userId,
      room_id: member.roomId,
      room_nid: member.roomNid,
      version: member.version,
      membership: member.membership,
      event_id: member.eventId,
      sender: member.sender,
      server: member.server,
      event_json: eventJson,
      stripped_state: strippedState,
      stream_writer: member.position.writer,
      stream_pos: member.position.pos,
    });
  }

  async remove(userId: string, roomId: string): Promise<boolean> {
    const sql = 'DELETE FROM out_of_band_memberships WHERE user_id = ? AND room_id = ?';
    return (await this.tx.run(sql, [userId, roomId])) > 0;
  }
}

const toMembership = (row: Row): OutOfBandMember => ({
  userId: row.user_id,
  roomId: row.room_id,
  roomNid: row.room_nid,
  version: row.version,
  membership: row.membership,
  eventNid: 0,
  eventId: row.event_id,
  sender: row.sender,
  server: row.server,
  ordinal: 0,
  position: { writer: row.stream_writer, pos: row.stream_pos },
  forgotten: false,
  outOfBand: true,
});
