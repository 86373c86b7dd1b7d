/** Finds the room that an alias stands for. Bound to the directory. */
export interface AliasResolver {
  /** @throws NotFoundError when no room has the alias */
  resolve(alias: string): Promise<{ readonly roomId: string }>;
}
