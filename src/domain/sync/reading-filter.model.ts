import {
  clampLimit,
  compileEventFields,
  compileFilter,
  type CompiledFilter,
  type Projection,
  type SyncFilter,
} from '#protocol/filters/index';
import type { SyncConfig } from './sync.config';

/** A filter made ready for reading: all its parts compiled, limits within what the server gives. */
export interface ReadingFilter {
  readonly presence: CompiledFilter;
  readonly accountData: CompiledFilter;
  readonly timeline: CompiledFilter;
  readonly timelineLimit: number;
  readonly state: CompiledFilter;
  readonly ephemeral: CompiledFilter;
  readonly roomAccountData: CompiledFilter;
  /** Whether anything of a room is wanted. */
  allowsRoom(roomId: string): boolean;
  readonly includeLeave: boolean;
  readonly lazyMembers: boolean;
  readonly redundantMembers: boolean;
  readonly threadCounts: boolean;
  readonly federationFormat: boolean;
  /** Reduces events to the wanted fields; undefined when whole events are wanted. */
  readonly project: Projection | undefined;
}

/** Compiles a filter; an empty one lets everything through. Spec: client-server, "Filtering". */
export function readingFilter(filter: SyncFilter, config: SyncConfig): ReadingFilter {
  const room = filter.room ?? {};
  const timeline = compileFilter(room.timeline);
  const state = compileFilter(room.state);
  return {
    presence: compileFilter(filter.presence),
    accountData: compileFilter(filter.account_data),
    timeline,
    timelineLimit: limitOf(timeline, config),
    state,
    ephemeral: compileFilter(room.ephemeral),
    roomAccountData: compileFilter(room.account_data),
    allowsRoom: compileFilter({ rooms: room.rooms, not_rooms: room.not_rooms }).allowsRoom,
    includeLeave: room.include_leave === true,
    lazyMembers: state.lazyLoadMembers,
    redundantMembers: state.includeRedundantMembers,
    // The specification puts the flag on every room filter; clients set it on the timeline's.
    threadCounts: timeline.unreadThreadNotifications || state.unreadThreadNotifications,
    federationFormat: filter.event_format === 'federation',
    project: filter.event_fields === undefined ? undefined : compileEventFields(filter.event_fields),
  };
}

/** Clients that want no timeline at all say 0, which the specification does not have. */
function limitOf(timeline: CompiledFilter, config: SyncConfig): number {
  if (timeline.limit === 0) return 0;
  return clampLimit(timeline.limit, config.defaultTimelineLimit, config.maxTimelineLimit);
}
