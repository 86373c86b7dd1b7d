import { createHmac, randomUUID } from 'node:crypto';
import type { HttpClient } from './http';

interface SyncAnswer {
  next_batch: string;
  rooms?: {
    join?: Record<string, { timeline?: { events: { event_id: string; content: Record<string, unknown> }[] } }>;
  };
}

/** One Matrix user with one device, speaking plain client-server API to whichever server it was made on. */
export class BenchUser {
  private count = 0;
  private readonly prefix = randomUUID().slice(0, 8);

  constructor(
    readonly http: HttpClient,
    readonly userId: string,
    readonly token: string,
  ) {}

  async createRoom(body: object = {}): Promise<string> {
    const answer = await this.http.ok<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', this.token, body);
    return answer.room_id;
  }

  /** Joins a room; by way of the server `via` when this one does not know it. */
  async join(roomId: string, via?: string): Promise<void> {
    const query = via === undefined ? '' : `?via=${via}&server_name=${via}`;
    await this.http.ok('POST', `/_matrix/client/v3/join/${encodeURIComponent(roomId)}${query}`, this.token, {});
  }

  /** Whether the user can read an event by now. */
  async sees(roomId: string, eventId: string): Promise<boolean> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`;
    return (await this.http.call('GET', path, this.token)).status === 200;
  }

  /** How many users are in a room, as far as the server knows by now. */
  async memberCount(roomId: string): Promise<number> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`;
    const { joined } = await this.http.ok<{ joined: object }>('GET', path, this.token);
    return Object.keys(joined).length;
  }

  /** How many messages the room's history holds. */
  async messageCount(roomId: string): Promise<number> {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=1000`;
    let found = 0;
    for (let from = ''; ;) {
      const page = await this.http.ok<{ end?: string; chunk: { type: string }[] }>('GET', path + from, this.token);
      found += page.chunk.filter(({ type }) => type === 'm.room.message').length;
      if (page.end === undefined || page.chunk.length === 0) return found;
      from = `&from=${encodeURIComponent(page.end)}`;
    }
  }

  async send(roomId: string, body: string): Promise<string> {
    const txn = `${this.prefix}-${this.count++}`;
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${txn}`;
    const answer = await this.http.ok<{ event_id: string }>('PUT', path, this.token, { msgtype: 'm.text', body });
    return answer.event_id;
  }

  sync(since?: string, timeoutMs = 0, signal?: AbortSignal): Promise<SyncAnswer> {
    const query = new URLSearchParams({ timeout: String(timeoutMs) });
    if (since !== undefined) query.set('since', since);
    return this.http.ok('GET', `/_matrix/client/v3/sync?${query.toString()}`, this.token, undefined, signal);
  }
}

/** Registers `count` users by the shared-secret endpoint, which Trellis and Synapse both have. */
export async function registerUsers(
  http: HttpClient,
  secret: string,
  prefix: string,
  count: number,
): Promise<BenchUser[]> {
  const users: BenchUser[] = [];
  const path = '/_synapse/admin/v1/register';
  for (let i = 0; i < count; i++) {
    const { nonce } = await http.ok<{ nonce: string }>('GET', path);
    const username = `${prefix}${i}`;
    const password = 'benchmark';
    const mac = createHmac('sha1', secret).update(`${nonce}\0${username}\0${password}\0notadmin`).digest('hex');
    const body = { nonce, username, password, admin: false, mac };
    const answer = await http.ok<{ user_id: string; access_token: string }>('POST', path, undefined, body);
    users.push(new BenchUser(http, answer.user_id, answer.access_token));
  }
  return users;
}
