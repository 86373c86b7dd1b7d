/** A device: what a sign-in made. Its display name is private to its owner's account. */
export interface Device {
  readonly userId: string;
  readonly deviceId: string;
  readonly displayName: string | null;
  /** Epoch milliseconds of the last request, a few minutes behind at most; null when it never made one. */
  readonly lastSeenTs: number | null;
  readonly lastSeenIp: string | null;
  readonly lastSeenUserAgent: string | null;
}

/** A request that a device made. */
export interface Sighting {
  readonly ip: string;
  readonly userAgent: string | null;
}
