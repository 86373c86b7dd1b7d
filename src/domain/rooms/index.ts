/**
 * Rooms: making them, paging through their events, reading their state and members. Owns no table; writes through the
 * timeline, shows through event-views. Spec: client-server API, "Rooms", "Getting events for a room".
 */
export { Rooms, type RoomsDependencies } from './rooms.service';
export type { RoomsConfig } from './rooms.config';
export type { CreateRoomRequest, InitialState, RoomPreset } from './rooms.model';
export type { EventContext, Page, PageQuery } from './pages.model';
export type { JoinedMember, MembersQuery } from './room-reading.service';
export type { RoomReach } from './room-access.service';
export { printPlace, readPlace } from './places.model';
export { InvalidRoomStateError, RoomInUseError, ThirdPartyInvitesDeniedError } from './rooms.errors';
