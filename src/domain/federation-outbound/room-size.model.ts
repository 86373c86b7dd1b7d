import { BadJsonError } from '#kernel/errors';
import type { RemoteState } from '../timeline';

/** Of state and auth chain; larger rooms do not exist. SECURITY: row 36. */
const MAX_EVENTS = 400_000;

/** @throws BadJsonError when a state is larger than any room's */
export function requireRoomSize({ state, authChain }: RemoteState): void {
  if (state.length + authChain.length > MAX_EVENTS) throw new BadJsonError('The room is too large');
}
