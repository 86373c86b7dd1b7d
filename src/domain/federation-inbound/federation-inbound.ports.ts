import type { RoomInfo } from '../room-state';

/** Which servers rooms shut out. Implemented by the timeline. Spec: server-server, "Server Access Control Lists". */
export interface RoomAcls {
  allows(room: RoomInfo, server: string): Promise<boolean>;
}

/** Passes events on that other servers' users sent by way of this one. Implemented by the sender. */
export interface Relay {
  /**
   * Has an event sent to the room's other servers in the transaction that stores it; call before it is stored. `isEntry`: it
   * is the join by which its sender's server comes into the room, and which the others may not know yet when they speak: for
   * a while this server has the newcomer get what they say.
   */
  announce(eventId: string, options?: { readonly isEntry: boolean }): void;
  /** Takes that back, when the event was not stored. */
  withdraw(eventId: string): void;
}

/** Rooms that users of ours are entering by way of other servers. Implemented by federation-outbound. */
export interface RoomArrivals {
  /** Resolves when such a room is here or does not come soon; at once when none with this id is on its way. */
  settled(roomId: string): Promise<void>;
}

/** Brings events to the servers of users who are invited. Implemented by federation-outbound. */
export interface ThirdPartyInviter {
  /** @throws MatrixError of the room's rules, or of the invited server */
  exchange(
    sender: string,
    roomId: string,
    userId: string,
    invite: { readonly displayName: string; readonly signed: object },
  ): Promise<void>;
}

/** Asks identity servers about their keys. Implemented over HTTP. */
export interface IdentityServerKeys {
  /**
   * Whether a key is still good, by what is at the URL; false for URLs that cannot be asked.
   * @param publicKey in Base64, as the invite has it
   * @throws UnreachableServerError when nothing can be learnt now
   */
  isValid(validityUrl: string, publicKey: string): Promise<boolean>;
}
