import type { SignedIn } from '#domain/sessions';

/** What a client asks for when it registers. */
export interface RegistrationRequest {
  readonly username?: string;
  readonly password?: string;
  readonly deviceId?: string;
  readonly displayName?: string;
  readonly inhibitLogin?: boolean;
  readonly refreshable?: boolean;
  /** The type that application services give. */
  readonly type?: string;
}

/** A new account, with tokens unless the client wanted none. */
export interface Registered {
  readonly userId: string;
  readonly signedIn?: SignedIn;
}

/** The shared-secret registration's request, as bots and tools send it. */
export interface SharedSecretRequest {
  readonly nonce: string;
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
  readonly userType: string | null;
  readonly displayname: string | null;
  readonly inhibitLogin: boolean;
  /** HMAC-SHA1, hexadecimal. */
  readonly mac: string;
}
