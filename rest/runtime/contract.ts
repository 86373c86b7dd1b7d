/** The shape of what codegen writes for the runtime. Hand-written; `rest/generated` and `codegen/emit` follow it. */
export type Api = 'client-server' | 'server-server' | 'application-service' | 'identity' | 'push-gateway';
export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** How a request proves who it is, from the document's `security`. */
export type AuthKind =
  | 'none'
  | 'accessToken'
  | 'optionalAccessToken'
  | 'appserviceToken' // an application service's as_token on the client-server API
  | 'homeserverToken' // our hs_token at an application service
  | 'signedRequest' // X-Matrix
  | 'identityToken';

/** What a request body is: `json` must be an object on the wire, `optionalJson` may be absent, `binary` is streamed. */
export type BodyKind = 'none' | 'json' | 'optionalJson' | 'binary';

/** One operation of a document, as the runtime mounts it. */
export interface OperationContract {
  /** API and operationId, as in `client-server/sendMessage`; operationIds repeat between APIs. */
  readonly id: string;
  readonly api: Api;
  readonly operationId: string;
  readonly method: HttpMethod;
  /** Full path with parameters in braces, as `/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}`. */
  readonly path: string;
  readonly auth: AuthKind;
  /** Open to guests (the specification's guest list, kept in the overlay). */
  readonly guests: boolean;
  readonly rateLimited: boolean;
  readonly deprecated: boolean;
  readonly body: BodyKind;
  /** The success answer: JSON with this status, or whatever the delegate says (`HttpReply`). */
  readonly success: { readonly kind: 'json'; readonly status: number } | { readonly kind: 'http' };
  /** Query parameters that are arrays: one value still makes an array of one. */
  readonly arrayQuery: readonly string[];
  /** Other templates that reach the same operation, with the same parameter names (api-specs/legacy). */
  readonly aliases: readonly Alias[];
  /**
   * Two operations may share method and path. Then each says when it is meant: the named body property or query
   * parameter is present. The one without `when` takes the rest.
   */
  readonly when?: { readonly in: 'body' | 'query'; readonly name: string };
}

/** A legacy path of an operation. Optional ones answer only when configuration switches their group on. */
export interface Alias {
  readonly method: HttpMethod;
  readonly path: string;
  readonly optional: boolean;
  /** The configuration switch of an optional path, as `media_v1`. */
  readonly group?: string;
  /** Path parameters that the old path spells out or leaves out, as `{ stateKey: '' }`. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** Path parameters that only the old path has, as `{ scope: 'global' }`: any other value is an error. */
  readonly only?: Readonly<Record<string, string>>;
  /** The answer is the pair `[status, body]` instead of the body. */
  readonly pair?: boolean;
}
