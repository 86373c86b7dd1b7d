import type { JsonObject } from '#kernel/json';
import { inList, type Reader, type Row, type Tx } from '#platform/storage/storage';
import type { KeyDocument } from '#protocol/signing/index';
import type { ServerKey } from './server-keys.model';

interface KeyRow {
  readonly server_name: string;
  readonly key_id: string;
  readonly public_key: string;
  readonly valid_until_ts: number;
  readonly expired_ts: number | null;
}

/** A document as it was fetched. */
export interface StoredDocument {
  readonly json: JsonObject;
  /** As published, not as believed. */
  readonly validUntilTs: number;
  readonly fetchedTs: number;
}

const KEY = 'SELECT server_name, key_id, public_key, valid_until_ts, expired_ts FROM server_keys';
const LIST_CHUNK = 500;
/** Of one server; more only shows that it makes them up. */
const MAX_KEYS_OF_A_SERVER = 500;
const MAX_DOCUMENTS_OF_A_SERVER = 8;

/** The source of this server's own keys; others have the name of the server that told of them. */
export const OWN_SOURCE = 'own';

export class ServerKeysReader {
  constructor(protected readonly reader: Reader) {}

  /** Those of the named keys that are known. One statement for 500 of them. */
  async find(wanted: readonly { readonly serverName: string; readonly keyId: string }[]): Promise<ServerKey[]> {
    const found: ServerKey[] = [];
    for (let start = 0; start < wanted.length; start += LIST_CHUNK) {
      const chunk = wanted.slice(start, start + LIST_CHUNK);
      const servers = inList([...new Set(chunk.map(({ serverName }) => serverName))]);
      const ids = inList([...new Set(chunk.map(({ keyId }) => keyId))]);
      const sql = `${KEY} WHERE server_name IN ${servers.sql} AND key_id IN ${ids.sql}`;
      const rows = await this.reader.all<KeyRow>(sql, [...servers.params, ...ids.params]);
      found.push(...rows.map(keyOf));
    }
    return found;
  }

  /** All keys of one server. */
  async ofServer(serverName: string): Promise<ServerKey[]> {
    return (await this.reader.all<KeyRow>(`${KEY} WHERE server_name = ?`, [serverName])).map(keyOf);
  }

  /** The documents of a server, the newest first. */
  async documents(serverName: string): Promise<StoredDocument[]> {
    const sql =
      'SELECT content, valid_until_ts, fetched_ts FROM server_key_documents WHERE server_name = ? ORDER BY fetched_ts DESC';
    const rows = await this.reader.all<{ content: string; valid_until_ts: number; fetched_ts: number }>(sql, [
      serverName,
    ]);
    return rows.map((row) => ({
      json: JSON.parse(row.content) as JsonObject,
      validUntilTs: row.valid_until_ts,
      fetchedTs: row.fetched_ts,
    }));
  }
}

export class ServerKeysWriter extends ServerKeysReader {
  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /**
   * Keeps keys of one server; those known before keep the later validity. `source` is who told of them: only the server
   * itself can put another key in the place of a known one. Returns them as they are now.
   */
  async store(serverName: string, keys: readonly ServerKey[], fetchedTs: number, source: string): Promise<ServerKey[]> {
    const before = new Map((await this.ofServer(serverName)).map((key) => [key.keyId, key]));
    const room = MAX_KEYS_OF_A_SERVER - before.size;
    const fresh = keys.filter(({ keyId }) => !before.has(keyId)).slice(0, Math.max(0, room));
    const isVouched = source !== serverName && source !== OWN_SOURCE;
    const merged = [...keys.filter(({ keyId }) => before.has(keyId)), ...fresh].map((key) =>
      later(before.get(key.keyId), key, isVouched),
    );
    const rows = merged.map((key) => rowOf(key, fetchedTs, source));
    if (rows.length > 0) await this.tx.upsert('server_keys', ['server_name', 'key_id'], rows);
    return merged;
  }

  /** Keeps a document; an older one of the same key goes, and so do those beyond the eight newest. */
  async storeDocument({ serverName, verifyKeys, json, validUntilTs }: KeyDocument, fetchedTs: number): Promise<void> {
    const keyId = [...verifyKeys.keys()].sort()[0]!;
    await this.tx.upsert('server_key_documents', ['server_name', 'key_id'], {
      server_name: serverName,
      key_id: keyId,
      valid_until_ts: validUntilTs,
      fetched_ts: fetchedTs,
      content: JSON.stringify(json),
    });
    const eldest = (await this.documents(serverName))[MAX_DOCUMENTS_OF_A_SERVER];
    if (eldest === undefined) return;
    const sql = 'DELETE FROM server_key_documents WHERE server_name = ? AND fetched_ts <= ?';
    await this.tx.run(sql, [serverName, eldest.fetchedTs]);
  }

  /** Marks every key of a server but one as given up, unless it is already. */
  async expireOthers(serverName: string, keyId: string, expiredTs: number): Promise<void> {
    const sql = 'UPDATE server_keys SET expired_ts = ? WHERE server_name = ? AND key_id <> ? AND expired_ts IS NULL';
    await this.tx.run(sql, [expiredTs, serverName, keyId]);
  }
}

/**
 * The same key seen twice: an older document does not shorten what a newer one said. Another key replaces it, unless a
 * notary says so, who could be lying, or may not know yet that the key was given up. SECURITY: row 11.
 */
function later(before: ServerKey | undefined, key: ServerKey, isVouched: boolean): ServerKey {
  if (before === undefined) return key;
  if (before.publicKey !== key.publicKey) return isVouched ? before : key;
  const expiredTs = isVouched ? (before.expiredTs ?? key.expiredTs) : key.expiredTs;
  return { ...key, expiredTs, validUntilTs: Math.max(before.validUntilTs, key.validUntilTs) };
}

function keyOf(row: KeyRow): ServerKey {
  return {
    serverName: row.server_name,
    keyId: row.key_id,
    publicKey: row.public_key,
    validUntilTs: row.valid_until_ts,
    expiredTs: row.expired_ts,
  };
}

function rowOf(key: ServerKey, fetchedTs: number, source: string): Row {
  return {
    server_name: key.serverName,
    key_id: key.keyId,
    public_key: key.publicKey,
    valid_until_ts: key.validUntilTs,
    expired_ts: key.expiredTs,
    fetched_ts: fetchedTs,
    source,
  };
}
