/** Where an alias leads. */
export interface ResolvedAlias {
  readonly roomId: string;
  /** Servers that know the room. */
  readonly servers: readonly string[];
}

/** What the directory tells about a room; kept up to date by the room's own events. */
export interface DirectoryEntry {
  readonly roomNid: number;
  readonly roomId: string;
  readonly joinedMembers: number;
  readonly name: string | null;
  readonly topic: string | null;
  readonly avatarUrl: string | null;
  readonly canonicalAlias: string | null;
  readonly joinRule: string | null;
  readonly roomType: string | null;
  readonly worldReadable: boolean;
  readonly guestCanJoin: boolean;
}

export interface PublicRoomsQuery {
  readonly limit?: number;
  /** A token of an earlier answer; says the direction too. */
  readonly since?: string;
  /** Must be in the name, topic or canonical alias, whatever the case. */
  readonly search?: string;
  /** Room types to list, null for rooms without one; all when absent. */
  readonly roomTypes?: readonly (string | null)[];
  /** Whose directory; our own when absent. */
  readonly server?: string;
}

export interface PublicRoomsPage {
  readonly entries: readonly DirectoryEntry[];
  readonly nextBatch?: string;
  readonly prevBatch?: string;
  /** All listed rooms, filtered or not. */
  readonly total: number;
}

/** A place in the directory's order: by members, most first, then the newer room. */
export interface DirectoryPlace {
  readonly direction: 'next' | 'previous';
  readonly joinedMembers: number;
  readonly roomNid: number;
}
