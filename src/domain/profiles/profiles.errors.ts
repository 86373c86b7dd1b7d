import { MatrixError } from '#kernel/errors';

export class ProfileTooLargeError extends MatrixError {
  constructor(limit: number) {
    super('M_PROFILE_TOO_LARGE', `The profile would be larger than ${limit} bytes`);
  }
}

export class ProfileKeyTooLargeError extends MatrixError {
  constructor(limit: number) {
    super('M_KEY_TOO_LARGE', `keyName: longer than ${limit} bytes`);
  }
}
