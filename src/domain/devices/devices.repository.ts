import { inList, positionRange, type Position, type Positions, type Reader, type Tx } from '#platform/storage/storage';
import type { Device, Sighting } from './devices.model';

interface DeviceRow {
  readonly user_id: string;
  readonly device_id: string;
  readonly display_name: string | null;
  readonly last_seen_ts: number | null;
  readonly last_seen_ip: string | null;
  readonly last_seen_user_agent: string | null;
}

const COLUMNS = 'user_id, device_id, display_name, last_seen_ts, last_seen_ip, last_seen_user_agent';
/** Keeps statements of `changedSince` within what both databases take. */
const CHUNK = 512;

export class DevicesReader {
  constructor(protected readonly reader: Reader) {}

  async find(userId: string, deviceId: string): Promise<Device | undefined> {
    const sql = `SELECT ${COLUMNS} FROM devices WHERE user_id = ? AND device_id = ?`;
    const row = await this.reader.get<DeviceRow>(sql, [userId, deviceId]);
    return row && toDevice(row);
  }

  async list(userId: string): Promise<Device[]> {
    const sql = `SELECT ${COLUMNS} FROM devices WHERE user_id = ? ORDER BY device_id`;
    return (await this.reader.all<DeviceRow>(sql, [userId])).map(toDevice);
  }

  /** Which of the devices are there. */
  async existing(userId: string, deviceIds: readonly string[]): Promise<string[]> {
    const ids = inList(deviceIds);
    const sql = `SELECT device_id FROM devices WHERE user_id = ? AND device_id IN ${ids.sql}`;
    const rows = await this.reader.all<{ device_id: string }>(sql, [userId, ...ids.params]);
    return rows.map((row) => row.device_id);
  }

  async idsOf(userIds: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (let start = 0; start < userIds.length; start += CHUNK) {
      const ids = inList(userIds.slice(start, start + CHUNK));
      const sql = `SELECT user_id, device_id FROM devices WHERE user_id IN ${ids.sql} ORDER BY user_id, device_id`;
      const rows = await this.reader.all<Pick<DeviceRow, 'user_id' | 'device_id'>>(sql, ids.params);
      for (const { user_id: userId, device_id: deviceId } of rows) {
        const devices = found.get(userId);
        if (devices === undefined) found.set(userId, [deviceId]);
        else devices.push(deviceId);
      }
    }
    return found;
  }

  /** Which of the users had a change after `since`, up to `until`. */
  async changedUsers(since: Positions, until: Positions, userIds: readonly string[]): Promise<string[]> {
    const range = positionRange(since, until);
    const changed: string[] = [];
    for (let start = 0; start < userIds.length; start += CHUNK) {
      const ids = inList(userIds.slice(start, start + CHUNK));
      const sql = `SELECT user_id FROM device_list_changes WHERE user_id IN ${ids.sql} AND ${range.sql}`;
      const rows = await this.reader.all<{ user_id: string }>(sql, [...ids.params, ...range.params]);
      changed.push(...rows.map((row) => row.user_id));
    }
    return changed;
  }
}

export class DevicesWriter extends DevicesReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /** False when the device is there already; then nothing changes. */
  insert(userId: string, deviceId: string, displayName: string | null, createdTs: number): Promise<boolean> {
    return this.tx.insertIgnore('devices', ['user_id', 'device_id'], {
      user_id: userId,
      device_id: deviceId,
      display_name: displayName,
      created_ts: createdTs,
      last_seen_ts: null,
      last_seen_ip: null,
      last_seen_user_agent: null,
    });
  }

  async rename(userId: string, deviceId: string, displayName: string | null): Promise<void> {
    const sql = 'UPDATE devices SET display_name = ? WHERE user_id = ? AND device_id = ?';
    await this.tx.run(sql, [displayName, userId, deviceId]);
  }

  async remove(userId: string, deviceIds: readonly string[]): Promise<void> {
    const ids = inList(deviceIds);
    await this.tx.run(`DELETE FROM devices WHERE user_id = ? AND device_id IN ${ids.sql}`, [userId, ...ids.params]);
  }

  async seen(userId: string, deviceId: string, ts: number, { ip, userAgent }: Sighting): Promise<void> {
    const sql = `UPDATE devices SET last_seen_ts = ?, last_seen_ip = ?, last_seen_user_agent = ?
      WHERE user_id = ? AND device_id = ?`;
    await this.tx.run(sql, [ts, ip, userAgent, userId, deviceId]);
  }

  async listChanged(userId: string, { writer, pos }: Position): Promise<void> {
    const row = { user_id: userId, stream_writer: writer, stream_pos: pos };
    await this.tx.upsert('device_list_changes', ['user_id'], row);
  }
}

function toDevice(row: DeviceRow): Device {
  return {
    userId: row.user_id,
    deviceId: row.device_id,
    displayName: row.display_name,
    lastSeenTs: row.last_seen_ts,
    lastSeenIp: row.last_seen_ip,
    lastSeenUserAgent: row.last_seen_user_agent,
  };
}
