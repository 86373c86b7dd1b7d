import { BadJsonError, InvalidParamError, TooLargeError } from '#kernel/errors';
import { isValidRoomId, MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { RecentChanges } from '#platform/cache/recent-changes';
import { StreamCache } from '#platform/cache/stream-cache';
import type { Change, Positions, Storage, Tx } from '#platform/storage/storage';
import type { AccountDataChange, AccountDataEntry, RoomAccountDataEntry } from './account-data.model';
import type { ComputedAccountData } from './account-data.ports';
import { AccountDataReader, AccountDataWriter, GLOBAL, type AccountDataRow } from './account-data.repository';
import { ACCOUNT_DATA_STREAM } from './account-data.stream';

/** One entry, as JSON text. All of a user's data goes out with a first sync. */
export const MAX_ACCOUNT_DATA_BYTES = 128 * 1024;
const IGNORED_USERS = 'm.ignored_user_list';
/** Types that the server manages: clients read them here and write them elsewhere. */
const RESERVED: ReadonlySet<string> = new Set(['m.fully_read', 'm.push_rules']);

/** JSON that clients keep for their user, globally and per room. Spec: "Client Config". */
export class AccountData {
  private readonly computed = new Map<string, ComputedAccountData>();
  private readonly changes: RecentChanges<string>;
  private readonly ignored = new StreamCache<string, ReadonlySet<string>>(20_000);

  constructor(private readonly storage: Storage) {
    this.changes = new RecentChanges(storage.visible(), 100_000);
    storage.subscribe(ACCOUNT_DATA_STREAM, (change) => this.heard(change));
  }

  /** Registers a type whose content another feature makes. Called while composing. */
  attach(computed: ComputedAccountData): void {
    this.computed.set(computed.type, computed);
  }

  /** One entry; undefined when it was never set. `roomId` null for global data. */
  async get(userId: string, roomId: string | null, type: string): Promise<JsonObject | undefined> {
    const computed = roomId === null ? this.computed.get(type) : undefined;
    if (computed !== undefined) return computed.content(userId);
    const content = await new AccountDataReader(this.storage).content(userId, roomId ?? GLOBAL, type);
    return content === undefined ? undefined : (JSON.parse(content) as JsonObject);
  }

  /**
   * Stores an entry of the client's own.
   * @throws BadJsonError for types that the server manages; InvalidParamError, TooLargeError
   */
  async set(userId: string, roomId: string | null, type: string, content: JsonObject): Promise<void> {
    if (RESERVED.has(type)) throw new BadJsonError(`type: ${type} is managed by the server`);
    assertValid(roomId, type);
    const text = serialize(content);
    await this.storage.write((tx) => this.write(tx, userId, roomId, type, text));
  }

  /** Stores an entry of a type that the server manages, in the transaction of the feature that manages it. */
  async setReserved(tx: Tx, userId: string, roomId: string | null, type: string, content: JsonObject): Promise<void> {
    await this.write(tx, userId, roomId, type, serialize(content));
  }

  /** Announces that a computed type has changed, in the transaction that changes it. */
  async touch(tx: Tx, userId: string, type: string): Promise<void> {
    await this.write(tx, userId, null, type, '{}');
  }

  /** Changes an entry by what it is now; two changes at once follow one another. Undefined from `edit` changes nothing. */
  async edit(
    userId: string,
    roomId: string | null,
    type: string,
    edit: (content: JsonObject) => JsonObject | undefined,
  ): Promise<void> {
    assertValid(roomId, type);
    await this.storage.write(async (tx) => {
      const before = await new AccountDataWriter(tx).lock(userId, roomId ?? GLOBAL, type, tx.position());
      const after = edit(JSON.parse(before) as JsonObject);
      if (after !== undefined) await this.write(tx, userId, roomId, type, serialize(after));
    });
  }

  /** Global entries written after `since`, up to `until`; all of them without `since`. For `/sync`. */
  async globalSince(userId: string, since: Positions | undefined, until: Positions): Promise<AccountDataEntry[]> {
    if (since !== undefined) {
      const rows = await this.changedRows(userId, since, until);
      return this.withComputed(
        userId,
        rows.filter((row) => row.room_id === GLOBAL),
      );
    }
    const rows = await new AccountDataReader(this.storage).global(userId);
    const unstored = [...this.computed.keys()].filter((type) => !rows.some((row) => row.type === type));
    return this.withComputed(userId, [...rows, ...unstored.map((type) => ({ room_id: GLOBAL, type, content: '{}' }))]);
  }

  /** The same for entries of rooms, whether the user is in them or not. */
  async roomsSince(userId: string, since: Positions | undefined, until: Positions): Promise<RoomAccountDataEntry[]> {
    const rows =
      since === undefined
        ? await new AccountDataReader(this.storage).rooms(userId)
        : (await this.changedRows(userId, since, until)).filter((row) => row.room_id !== GLOBAL);
    return rows.map((row) => ({ roomId: row.room_id, type: row.type, content: JSON.parse(row.content) as JsonObject }));
  }

  /** Whose events and invites the user does not want. */
  ignoredUsers(userId: string): Promise<ReadonlySet<string>> {
    return this.ignored.load(userId, async () => {
      const users = (await this.get(userId, null, IGNORED_USERS))?.['ignored_users'];
      return new Set(isJsonObject(users) ? Object.keys(users).filter((ignored) => ignored !== userId) : []);
    });
  }

  /** Forgets everything of a user whose account is closed. */
  async removeAll(tx: Tx, userId: string): Promise<void> {
    await new AccountDataWriter(tx).removeAll(userId);
    tx.afterCommit(() => this.ignored.drop(userId));
  }

  private async changedRows(userId: string, since: Positions, until: Positions): Promise<AccountDataRow[]> {
    if (!this.changes.mayHaveChanged(userId, since)) return [];
    return new AccountDataReader(this.storage).changed(userId, since, until);
  }

  private withComputed(userId: string, rows: readonly AccountDataRow[]): Promise<AccountDataEntry[]> {
    return Promise.all(
      rows.map(async ({ type, content }) => ({
        type,
        content: (await this.computed.get(type)?.content(userId)) ?? (JSON.parse(content) as JsonObject),
      })),
    );
  }

  private async write(tx: Tx, userId: string, roomId: string | null, type: string, content: string): Promise<void> {
    const position = tx.position();
    await new AccountDataWriter(tx).put(userId, roomId ?? GLOBAL, type, content, position);
    const payload: AccountDataChange = { roomId, type };
    const change = { stream: ACCOUNT_DATA_STREAM, key: userId, position, payload };
    tx.publish(change);
    tx.afterCommit(() => this.heard(change));
  }

  private heard({ key, position, payload }: Change): void {
    this.changes.note(key, position);
    const { roomId, type } = payload as AccountDataChange;
    if (roomId === null && type === IGNORED_USERS) this.ignored.drop(key);
  }
}

function assertValid(roomId: string | null, type: string): void {
  if (roomId !== null && !isValidRoomId(roomId)) throw new InvalidParamError('roomId: not a room ID');
  if (type === '' || utf8Length(type) > MAX_ID_BYTES) throw new InvalidParamError(`type: 1 to ${MAX_ID_BYTES} bytes`);
}

function serialize(content: JsonObject): string {
  const text = JSON.stringify(content);
  if (utf8Length(text) > MAX_ACCOUNT_DATA_BYTES) {
    throw new TooLargeError(`content: longer than ${MAX_ACCOUNT_DATA_BYTES} bytes`);
  }
  return text;
}
