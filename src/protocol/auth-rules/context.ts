import { ForbiddenError } from '#kernel/errors';

import { membershipOf, type Pdu } from '../events/pdu';
import { ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { powerLevels, type PowerLevels } from './power-levels';

/** Looks up one entry of a room's state. */
export type StateLookup = (type: string, stateKey: string) => Pdu | undefined;

/** What the rules know while they judge one event: the state before it, and what follows from that. */
export class AuthContext {
  private levels: PowerLevels | undefined;

  constructor(
    readonly version: RoomVersion,
    readonly event: Pdu,
    readonly createEvent: Pdu,
    readonly state: StateLookup,
  ) {}

  get powerLevels(): PowerLevels {
    this.levels ??= powerLevels(this.version, this.createEvent, this.state('m.room.power_levels', ''));
    return this.levels;
  }

  get senderLevel(): number {
    return this.powerLevels.userLevel(this.event.sender);
  }

  /** A user's membership in the state before the event; `leave` when there is none. */
  membership(userId: string): string {
    return membershipOf(this.state('m.room.member', userId)) ?? 'leave';
  }

  /** The room's join rule; `invite` when it has none. */
  get joinRule(): string {
    const rules = this.state('m.room.join_rules', '');
    return (rules && ownString(rules.content, 'join_rule')) ?? 'invite';
  }
}

/** Ends the judgement of an event. */
export function reject(reason: string): never {
  throw new ForbiddenError(reason);
}
