export type { EventFilter, RoomEventFilter, RoomFilter, SyncFilter } from './filter';
export { MAX_FILTER_ENTRIES, parseRoomEventFilter, parseSyncFilter } from './parse';
export { clampLimit, compileFilter, type CompiledFilter, type FilterSubject } from './compile';
export { compileEventFields, type Projection } from './event-fields';
