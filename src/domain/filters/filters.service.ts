import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { BadJsonError, InvalidParamError, NotFoundError, TooLargeError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { atMost } from '#platform/cache/at-most';
import type { Storage, Tx } from '#platform/storage/storage';
import { parseSyncFilter, type SyncFilter } from '#protocol/filters/index';
import { FiltersReader, FiltersWriter } from './filters.repository';

/** A filter, as JSON text. */
export const MAX_FILTER_BYTES = 64 * 1024;
const ID_LENGTH = 22;

/** Filters that users store for their syncs. A stored filter never changes. Spec: "Filtering". */
export class Filters {
  private readonly parsed = new LRUCache<string, SyncFilter>(atMost(10_000));

  /** Longer inline filters are read anew each time: the cache must not hold megabytes for one client. */
  private static readonly MAX_KEPT = 4_096;

  constructor(private readonly storage: Storage) {}

  /** Stores a filter and gives its id; the same filter has the same id. @throws BadJsonError, TooLargeError */
  async define(userId: string, filter: JsonObject): Promise<string> {
    parseSyncFilter(filter);
    const text = JSON.stringify(filter);
    if (utf8Length(text) > MAX_FILTER_BYTES) throw new TooLargeError(`filter: longer than ${MAX_FILTER_BYTES} bytes`);
    const filterId = createHash('sha256').update(text).digest('base64url').slice(0, ID_LENGTH);
    const reader = new FiltersReader(this.storage);
    if ((await reader.definition(userId, filterId)) === undefined) {
      await this.storage.write((tx) => new FiltersWriter(tx).put(userId, filterId, text));
    }
    return filterId;
  }

  /** A stored filter as the client wrote it. @throws NotFoundError */
  async get(userId: string, filterId: string): Promise<JsonObject> {
    const text = await new FiltersReader(this.storage).definition(userId, filterId);
    if (text === undefined) throw new NotFoundError('No such filter');
    return JSON.parse(text) as JsonObject;
  }

  /**
   * The filter that a `filter` parameter means: a stored one's id, or JSON. Absent, the filter that lets everything through.
   * The same object comes back for the same filter, so that what is compiled from it can be kept by it.
   * @throws InvalidParamError for an unknown id, BadJsonError
   */
  async resolve(userId: string, parameter: string | undefined): Promise<SyncFilter> {
    if (parameter === undefined || parameter === '') return EVERYTHING;
    const isInline = parameter.startsWith('{');
    const key = isInline ? parameter : `${userId}\n${parameter}`;
    const known = this.parsed.get(key);
    if (known !== undefined) return known;
    const filter = isInline ? readInline(parameter) : await this.readStored(userId, parameter);
    const parsed = parseSyncFilter(filter);
    if (key.length <= Filters.MAX_KEPT) this.parsed.set(key, parsed);
    return parsed;
  }

  /** Forgets all filters of a user whose account is closed. */
  async removeAll(tx: Tx, userId: string): Promise<void> {
    await new FiltersWriter(tx).removeAll(userId);
  }

  private async readStored(userId: string, filterId: string): Promise<JsonObject> {
    const text = await new FiltersReader(this.storage).definition(userId, filterId);
    if (text === undefined) throw new InvalidParamError('filter: no filter of that ID');
    return JSON.parse(text) as JsonObject;
  }
}

const EVERYTHING: SyncFilter = Object.freeze({});

function readInline(text: string): JsonObject {
  if (utf8Length(text) > MAX_FILTER_BYTES) throw new TooLargeError(`filter: longer than ${MAX_FILTER_BYTES} bytes`);
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    throw new BadJsonError('filter: not JSON');
  }
  if (!isJsonObject(value)) throw new BadJsonError('filter: must be an object');
  return value;
}
