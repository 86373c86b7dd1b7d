/**
 * Sync: what is new for a client, section by section, and waiting for it. Owns no table: every section reads the streams of
 * the features above. Spec: client-server, "Syncing".
 */
export { Sync } from './sync.service';
export { OldReader, type OldRoom } from './old-reader.service';
export { DEFAULT_SYNC, type SyncConfig } from './sync.config';
export { composeSync, type SyncSources } from './compose.service';
export type { SyncAnswer, SyncRequest } from './sync.model';
