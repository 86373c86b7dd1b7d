/** Presence: who is online. Owns the table and the stream `presence`. Spec: client-server, "Presence". */
export { Presence, type RemotePresence } from './presence.service';
export { PRESENCE_STREAM } from './presence.stream';
export { presenceContent } from './presence.model';
export type { PresenceConfig } from './presence.config';
export type { PresenceContent, PresenceEvent, PresenceName, PresenceState } from './presence.model';
