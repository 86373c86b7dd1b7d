import type { JsonObject } from '#kernel/json';
import type { RoomInfo } from '../room-state';

/** Finds the room that an alias stands for. Bound to the directory. */
export interface AliasResolver {
  /** @throws NotFoundError when no room has the alias */
  resolve(alias: string): Promise<{ readonly roomId: string; readonly servers: readonly string[] }>;
}

/** A join or knock in a room that this server is not in, or cannot let the user into by itself. */
export interface RemoteEntry {
  readonly userId: string;
  readonly roomId: string;
  /** Servers to try, likeliest first. */
  readonly via: readonly string[];
  /** Display name, avatar, reason. */
  readonly content: JsonObject;
}

/** Membership by way of other servers. Bound to federation-outbound; absent while federation is off. */
export interface RemoteRooms {
  /** Joins by way of the first server that lets the user in. @throws what the most telling server said */
  join(entry: RemoteEntry): Promise<void>;
  knock(entry: RemoteEntry): Promise<void>;
  /** Rejects an invite or takes back a knock; here it is over even when no server answers. */
  leave(entry: RemoteEntry): Promise<void>;
  /** Invites a user of another server, by and with that server; the event's id. @throws what it said */
  invite(
    room: RoomInfo,
    invite: { readonly sender: string; readonly userId: string; readonly content: JsonObject },
  ): Promise<string>;
}
