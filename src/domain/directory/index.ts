/**
 * Directory: room aliases of this server and its public room list. Owns the tables `room_aliases` and `room_directory`;
 * the latter is kept by the transactions of the rooms' events. Spec: client-server, "Room Aliases", "Published room
 * directory".
 */
export { Directory } from './directory.service';
export type { Aliases } from './aliases.service';
export type { PublicRooms, RoomVisibility } from './public-rooms.service';
export type { RemoteDirectory } from './directory.ports';
export type { DirectoryConfig } from './directory.config';
export { AliasInUseError, BadAliasError } from './directory.errors';
export type { DirectoryEntry, PublicRoomsPage, PublicRoomsQuery, ResolvedAlias } from './directory.model';
