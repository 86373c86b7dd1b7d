export interface RoomsConfig {
  readonly serverName: string;
  /** Version of rooms whose maker asks for none (`rooms.default_version`). */
  readonly defaultVersion: string;
}
