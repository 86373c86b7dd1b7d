import { ownString } from './json-access';
import type { Pdu } from './events/pdu';

export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined';

/** What decides whether one user sees one event. Nothing else may. */
export interface EventViewpoint {
  /** History visibility in the state before the event. */
  readonly visibility: HistoryVisibility;
  /** Only for an `m.room.history_visibility` event with an empty state key: what it sets. */
  readonly visibilityAfter?: HistoryVisibility;
  /** The user's membership in the state before the event; undefined when they had none. */
  readonly membership: string | undefined;
  /** Only for the user's own member event: what it sets. */
  readonly membershipAfter?: string;
  /** Whether the user joined the room at any time after the event. */
  readonly joinedLater: boolean;
}

/**
 * Whether a user may see an event, by the history visibility and their membership at the event. A change of the
 * visibility, and a user's own membership, show when the rule before or after them allows it.
 * Spec: client-server, "Room History Visibility".
 */
export function canSee(view: EventViewpoint): boolean {
  return visibilitiesOf(view).some((visibility) =>
    membershipsOf(view).some((membership) => allows(visibility, membership, view.joinedLater)),
  );
}

/**
 * Whether a server in the room may have an event, given whether any of its users was joined or invited at the event.
 * What one of its users could see, the server may have; shared history is open to servers that are in the room now.
 */
export function canServerSee(view: {
  readonly visibility: HistoryVisibility;
  readonly visibilityAfter?: HistoryVisibility;
  readonly hadJoinedUser: boolean;
  readonly hadInvitedUser: boolean;
}): boolean {
  return visibilitiesOf(view).some((visibility) => {
    if (visibility === 'world_readable' || visibility === 'shared' || view.hadJoinedUser) return true;
    return visibility === 'invited' && view.hadInvitedUser;
  });
}

/** The setting that an `m.room.history_visibility` event makes; `shared` without one or with an unknown value. */
export function historyVisibilityOf(event: Pick<Pdu, 'content'> | undefined): HistoryVisibility {
  const setting = ownString(event?.content, 'history_visibility');
  switch (setting) {
    case 'world_readable':
    case 'invited':
    case 'joined':
      return setting;
    default:
      return 'shared';
  }
}

function allows(visibility: HistoryVisibility, membership: string | undefined, joinedLater: boolean): boolean {
  if (visibility === 'world_readable' || membership === 'join') return true;
  if (visibility === 'shared') return joinedLater;
  return visibility === 'invited' && membership === 'invite';
}

function visibilitiesOf(view: {
  visibility: HistoryVisibility;
  visibilityAfter?: HistoryVisibility;
}): HistoryVisibility[] {
  return view.visibilityAfter === undefined ? [view.visibility] : [view.visibility, view.visibilityAfter];
}

function membershipsOf(view: EventViewpoint): (string | undefined)[] {
  return view.membershipAfter === undefined ? [view.membership] : [view.membership, view.membershipAfter];
}
