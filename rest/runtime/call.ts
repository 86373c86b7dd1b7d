import type { FederationRequester, Requester } from '#kernel/requester';

/** What every delegate gets beside the validated parts of the request. */
export interface RequestInfo {
  readonly requestId: string;
  readonly ip: string;
  readonly userAgent: string | null;
  /** Aborted when the client goes away; long polls listen to it. */
  readonly signal: AbortSignal;
  /** The Matrix path as the client sent it (still percent-encoded, no query); scopes transaction ids. */
  readonly rawPath: string;
  /** Raw body stream, for `binary` operations. */
  readonly stream?: NodeJS.ReadableStream;
}

export interface BaseCall<Path, Query, Body, Header = Record<string, never>> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
  readonly header: Header;
  readonly request: RequestInfo;
}

/** A call of an operation that needs no authentication. */
export type OpenCall<P, Q, B, H = Record<string, never>> = BaseCall<P, Q, B, H>;
/** A call with a user's access token (or an application service's, already resolved to the user it acts for). */
export interface UserCall<P, Q, B, H = Record<string, never>> extends BaseCall<P, Q, B, H> {
  readonly requester: Requester;
}
/** A call with a token if the client had one. */
export interface MaybeUserCall<P, Q, B, H = Record<string, never>> extends BaseCall<P, Q, B, H> {
  readonly requester?: Requester;
}
/** A request signed by another homeserver. */
export interface ServerCall<P, Q, B, H = Record<string, never>> extends BaseCall<P, Q, B, H> {
  readonly requester: FederationRequester;
}

/** An answer that is not simply JSON with the operation's success status: redirects, files, other statuses. */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON when an object, bytes when a Buffer or stream, nothing when absent. */
  readonly body?: unknown;
}
