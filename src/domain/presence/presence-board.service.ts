import { isAfter, type Position, type Positions } from '#platform/storage/storage';
import type { PresenceState } from './presence.model';

interface Entry {
  readonly userId: string;
  readonly position: Position;
}

/** Changes that are remembered in order; who asks about an older time is told of everybody present. */
const MAX_LOG = 20_000;

/** The users who are present, in memory, and who changed when. */
export class PresenceBoard {
  private readonly states = new Map<string, PresenceState>();
  private log: Entry[] = [];
  /** True once changes were forgotten; until then the log is complete since the start. */
  private cut = false;

  of(userId: string): PresenceState | undefined {
    return this.states.get(userId);
  }

  /** Keeps a state; those who are offline are kept only while their change is in the log. */
  set(state: PresenceState): void {
    this.states.set(state.userId, state);
  }

  /** Notes that others are to be told of a user's state. */
  changed(userId: string, position: Position): void {
    this.log.push({ userId, position });
    if (this.log.length > MAX_LOG) this.forgetOldHalf();
  }

  /** Users whose presence changed after `since`, each once. */
  changedSince(since: Positions): Set<string> {
    const users = new Set<string>();
    for (let i = this.log.length - 1; i >= 0; i--) {
      const entry = this.log[i]!;
      if (!isAfter(entry.position, since)) return users;
      users.add(entry.userId);
    }
    if (this.cut) for (const state of this.present()) users.add(state.userId);
    return users;
  }

  /** Everybody who is not offline. */
  *present(): Iterable<PresenceState> {
    for (const state of this.states.values()) if (state.presence !== 'offline') yield state;
  }

  private forgetOldHalf(): void {
    this.log = this.log.slice(MAX_LOG / 2);
    this.cut = true;
    const recent = new Set(this.log.map((entry) => entry.userId));
    for (const [userId, state] of this.states) {
      if (state.presence === 'offline' && !recent.has(userId)) this.states.delete(userId);
    }
  }
}
