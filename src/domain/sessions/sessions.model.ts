import type { JsonValue } from '#kernel/json';

/** What signing in gives to the client. */
export interface SignedIn {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  /** Only for clients that asked for it. */
  readonly refreshToken?: string;
  readonly expiresInMs?: number;
}

/** For whom to issue tokens. */
export interface SignInRequest {
  readonly userId: string;
  /** Chosen by the client; a device of this id loses its old tokens. */
  readonly deviceId?: string;
  readonly displayName?: string;
  readonly refreshable?: boolean;
}

/** A fresh pair, from a refresh. */
export interface RefreshedTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInMs: number;
}

/** How a client names an account: the identifier object of today, or the members of old at the top level. */
export interface LoginIdentifier {
  readonly identifier?: JsonValue;
  readonly user?: JsonValue;
  readonly medium?: JsonValue;
  readonly address?: JsonValue;
}

export interface LoginRequest extends LoginIdentifier {
  readonly type: string;
  readonly password?: string;
  readonly deviceId?: string;
  readonly displayName?: string;
  readonly refreshable?: boolean;
}
