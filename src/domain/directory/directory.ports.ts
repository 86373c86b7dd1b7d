import type { PublicRoomsPage, PublicRoomsQuery, ResolvedAlias } from './directory.model';

/** Looks things up in other servers' directories. Bound to federation-outbound. */
export interface RemoteDirectory {
  /** @throws NotFoundError when the alias leads nowhere; what the other server said, when it could not be asked */
  resolve(alias: string): Promise<ResolvedAlias>;
  publicRooms(server: string, query: Omit<PublicRoomsQuery, 'server'>): Promise<PublicRoomsPage>;
}
