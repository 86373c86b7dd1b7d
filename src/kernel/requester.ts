/**
 * Who is asking: the outcome of authentication, made once at the door from an access token and handed to every domain
 * action. Both doors make it with the same `sessions` call.
 */
export interface Requester {
  readonly userId: string;
  /** Null for application services acting without a device, and never otherwise. */
  readonly deviceId: string | null;
  /** Numeric id of the access token's row; transaction ids of old clients are scoped by it when there is no device. */
  readonly tokenId: number;
  readonly isGuest: boolean;
  /** A server administrator, who may use the admin API. */
  readonly isAdmin: boolean;
  /** The application service that asks, when its `as_token` was used. */
  readonly appserviceId?: string;
}

/** A homeserver that signed a federation request (`X-Matrix`). */
export interface FederationRequester {
  readonly origin: string;
}
