/** The `presence` part of the configuration. */
export interface PresenceConfig {
  /** When false nobody's presence is kept or shown; requests to set it are taken and change nothing. */
  readonly enabled: boolean;
}
