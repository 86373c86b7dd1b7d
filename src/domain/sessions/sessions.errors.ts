import { MatrixError, MissingTokenError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';

/** Where user-interactive authentication stands. */
export interface UiaChallenge {
  readonly flows: readonly (readonly string[])[];
  readonly params: JsonObject;
  /** Absent where there is nothing to go on with. */
  readonly session?: string;
  readonly completed: readonly string[];
}

/**
 * The action needs (further) user-interactive authentication. The doors show {@link body} as it is, with status 401: it has
 * an errcode only where a stage failed. Spec: "User-interactive API in the REST API".
 */
export class AuthenticationRequiredError extends MatrixError {
  /** The whole answer. */
  readonly body: JsonObject;

  constructor(challenge: UiaChallenge, failure?: MatrixError) {
    super(failure?.errcode ?? 'M_UNAUTHORIZED', failure?.message ?? 'Authentication is needed');
    this.body = {
      flows: challenge.flows.map((stages) => ({ stages: [...stages] })),
      params: challenge.params,
      ...(challenge.session !== undefined && { session: challenge.session }),
      completed: [...challenge.completed],
      ...(failure && { errcode: failure.errcode, error: failure.message, ...failure.extra }),
    };
  }
}

/** For those who are not signed in, where only a proven mail address could stand in for it and none can be proven. */
export class SignInRequiredError extends AuthenticationRequiredError {
  constructor() {
    super({ flows: [], params: {}, completed: [] }, new MissingTokenError('Missing access token'));
  }
}

/** A login type that this server does not have. */
export class UnknownLoginTypeError extends MatrixError {
  constructor(type: string) {
    super('M_UNKNOWN', `type: ${JSON.stringify(type.slice(0, 100))} is not a login type of this server`);
  }
}

/** Application services cannot sign in as users here. Spec: "Appservice Login". */
export class AppserviceLoginUnsupportedError extends MatrixError {
  constructor() {
    super('M_APPSERVICE_LOGIN_UNSUPPORTED', 'This server knows no application service of that token');
  }
}
