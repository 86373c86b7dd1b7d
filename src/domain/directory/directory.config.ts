/** What the directory needs of the configuration. */
export interface DirectoryConfig {
  readonly serverName: string;
  /** Who may list a room: its moderators, administrators of the server, nobody (`rooms.publish_policy`). */
  readonly publishPolicy: 'open' | 'admins' | 'nobody';
}
