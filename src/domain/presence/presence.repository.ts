import type { Reader, Tx } from '#platform/storage/storage';
import type { PresenceName, PresenceState } from './presence.model';

interface PresenceRow {
  readonly user_id: string;
  readonly presence: PresenceName;
  readonly status_msg: string | null;
  readonly last_active_ts: number;
}

const SELECT = 'SELECT user_id, presence, status_msg, last_active_ts FROM presence';

export class PresenceReader {
  constructor(protected readonly reader: Reader) {}

  async of(userId: string): Promise<PresenceState | undefined> {
    const row = await this.reader.get<PresenceRow>(`${SELECT} WHERE user_id = ?`, [userId]);
    return row && toState(row);
  }

  /** Everybody who was not offline when presence was last written down. */
  async present(): Promise<PresenceState[]> {
    const rows = await this.reader.all<PresenceRow>(`${SELECT} WHERE presence IN ('online', 'unavailable')`);
    return rows.map(toState);
  }
}

export class PresenceWriter extends PresenceReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  save(states: readonly PresenceState[]): Promise<void> {
    const rows = states.map((state) => ({
      user_id: state.userId,
      presence: state.presence,
      status_msg: state.statusMsg,
      last_active_ts: state.lastActiveTs,
    }));
    return this.tx.upsert('presence', ['user_id'], rows);
  }
}

const toState = (row: PresenceRow): PresenceState => ({
  userId: row.user_id,
  presence: row.presence,
  statusMsg: row.status_msg,
  lastActiveTs: row.last_active_ts,
});
