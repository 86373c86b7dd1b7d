import { MatrixError } from '#kernel/errors';

/** The name is taken, also by an account that was deactivated. */
export class UserInUseError extends MatrixError {
  constructor(message = 'This user ID is already taken') {
    super('M_USER_IN_USE', message);
  }
}

export class InvalidUsernameError extends MatrixError {
  constructor(message: string) {
    super('M_INVALID_USERNAME', message);
  }
}

export class WeakPasswordError extends MatrixError {
  constructor(message: string) {
    super('M_WEAK_PASSWORD', message);
  }
}

export class UserDeactivatedError extends MatrixError {
  constructor(message = 'This account has been deactivated') {
    super('M_USER_DEACTIVATED', message);
  }
}

/** The client keeps its session and may go on once the account is unlocked. Spec: "Account locking". */
export class UserLockedError extends MatrixError {
  constructor(message = 'This account has been locked') {
    super('M_USER_LOCKED', message, { soft_logout: true });
  }
}

export class UserSuspendedError extends MatrixError {
  constructor(message = 'You cannot perform this action while suspended') {
    super('M_USER_SUSPENDED', message);
  }
}
