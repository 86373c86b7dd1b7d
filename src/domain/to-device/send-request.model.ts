import { createHash } from 'node:crypto';
import { InvalidParamError, TooLargeError } from '#kernel/errors';
import { isValidUserId, MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import type { Requester } from '#kernel/requester';
import type { SendToDevice } from './to-device.model';

/** One message's content, as JSON text: as much as an event. */
export const MAX_CONTENT_BYTES = 65_536;
/** Devices named in one request. */
const MAX_MESSAGES = 10_000;

/** @throws InvalidParamError, TooLargeError naming the field */
export function assertAcceptable({ type, messages }: SendToDevice): void {
  if (type === '' || utf8Length(type) > MAX_ID_BYTES) {
    throw new InvalidParamError(`eventType: 1 to ${MAX_ID_BYTES} bytes`);
  }
  let count = 0;
  for (const [userId, byDevice] of Object.entries(messages)) {
    if (!isValidUserId(userId)) throw new InvalidParamError('messages: keys must be user IDs');
    for (const content of Object.values(byDevice)) {
      if (++count > MAX_MESSAGES) throw new TooLargeError(`messages: more than ${MAX_MESSAGES} devices at once`);
      if (utf8Length(JSON.stringify(content)) > MAX_CONTENT_BYTES) {
        throw new TooLargeError(`messages: a content is longer than ${MAX_CONTENT_BYTES} bytes`);
      }
    }
  }
}

/** What makes two requests the same: sender, device (for a token without one, the token), path. */
export function requestHash(requester: Requester, { type, txnId }: SendToDevice): string {
  const scope = requester.deviceId ?? requester.tokenId;
  return createHash('sha256')
    .update(JSON.stringify([requester.userId, scope, type, txnId]))
    .digest('hex');
}
