import { BadJsonError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import { parseRoomEventFilter, type RoomEventFilter } from '#protocol/filters/index';

/** Reads the `filter` parameter of pages, JSON in a query string. @throws BadJsonError */
export function readEventFilter(text: string | undefined): RoomEventFilter | undefined {
  if (text === undefined || text === '') return undefined;
  let filter: JsonValue;
  try {
    filter = JSON.parse(text) as JsonValue;
  } catch {
    throw new BadJsonError('filter: not JSON');
  }
  return parseRoomEventFilter(filter);
}
