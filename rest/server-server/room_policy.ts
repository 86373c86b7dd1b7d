import { UnrecognizedError } from '#kernel/errors';
import type { RoomPolicy } from '#rest/generated/server-server/room_policy.routes';

/** This server judges for no room: to servers that ask it, the operation is one that it does not have. */
export const roomPolicy = (): RoomPolicy => ({
  async askPolicyServerToSign() {
    throw new UnrecognizedError('This is not a policy server');
  },
});
