/** A filter on events that stand outside of rooms: presence, account data. Absent lists let everything through. */
export interface EventFilter {
  readonly limit?: number;
  readonly senders?: readonly string[];
  readonly not_senders?: readonly string[];
  /** `*` stands for any characters. */
  readonly types?: readonly string[];
  readonly not_types?: readonly string[];
}

/** A filter on events of rooms. */
export interface RoomEventFilter extends EventFilter {
  readonly rooms?: readonly string[];
  readonly not_rooms?: readonly string[];
  readonly contains_url?: boolean;
  readonly lazy_load_members?: boolean;
  readonly include_redundant_members?: boolean;
  readonly unread_thread_notifications?: boolean;
}

/** The part of a sync filter that is about rooms. */
export interface RoomFilter {
  readonly rooms?: readonly string[];
  readonly not_rooms?: readonly string[];
  readonly include_leave?: boolean;
  readonly ephemeral?: RoomEventFilter;
  readonly state?: RoomEventFilter;
  readonly timeline?: RoomEventFilter;
  readonly account_data?: RoomEventFilter;
}

/** A whole filter, as stored by `POST /user/{userId}/filter` or given to `/sync` inline. */
export interface SyncFilter {
  readonly event_fields?: readonly string[];
  readonly event_format?: 'client' | 'federation';
  readonly presence?: EventFilter;
  readonly account_data?: EventFilter;
  readonly room?: RoomFilter;
}
