export type PresenceName = 'online' | 'unavailable' | 'offline';

/** How a user stands. */
export interface PresenceState {
  readonly userId: string;
  readonly presence: PresenceName;
  readonly statusMsg: string | null;
  /** When the user last did something, epoch milliseconds; 0 for never. */
  readonly lastActiveTs: number;
}

/** What clients are told about a presence. */
export interface PresenceContent {
  readonly presence: PresenceName;
  /** Milliseconds since the user last did something. */
  readonly last_active_ago?: number;
  readonly status_msg?: string;
  readonly currently_active?: boolean;
}

export interface PresenceEvent {
  readonly type: 'm.presence';
  readonly sender: string;
  readonly content: PresenceContent;
}

/** Somebody who did something within this time counts as active right now. */
const ACTIVE_MS = 60_000;

export const offline = (userId: string): PresenceState => ({
  userId,
  presence: 'offline',
  statusMsg: null,
  lastActiveTs: 0,
});

/** Writes a presence for clients. */
export function presenceContent(state: PresenceState, now: number): PresenceContent {
  const ago = Math.max(0, now - state.lastActiveTs);
  return {
    presence: state.presence,
    ...(state.lastActiveTs === 0 ? {} : { last_active_ago: ago }),
    ...(state.statusMsg === null ? {} : { status_msg: state.statusMsg }),
    ...(state.presence === 'online' ? { currently_active: ago < ACTIVE_MS } : {}),
  };
}
