import type { JsonObject } from '#kernel/json';

export type RoomPreset = 'private_chat' | 'public_chat' | 'trusted_private_chat';

export interface InitialState {
  readonly type: string;
  /** Empty when left out. */
  readonly state_key?: string;
  readonly content: JsonObject;
}

/** A room that a user wants. The names are those of `POST /createRoom`, whose body this is. */
export interface CreateRoomRequest {
  readonly visibility?: 'public' | 'private';
  /** The localpart of the room's first alias. */
  readonly room_alias_name?: string;
  readonly name?: string;
  readonly topic?: string;
  readonly invite?: readonly string[];
  readonly invite_3pid?: readonly unknown[];
  readonly room_version?: string;
  readonly creation_content?: JsonObject;
  readonly initial_state?: readonly InitialState[];
  readonly preset?: RoomPreset;
  readonly is_direct?: boolean;
  readonly power_level_content_override?: JsonObject;
}
