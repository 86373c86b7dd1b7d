import type { JsonMap } from './json';

/** The five APIs, in the order of the specification. */
export const API_NAMES = ['client-server', 'server-server', 'application-service', 'identity', 'push-gateway'] as const;
export type ApiName = (typeof API_NAMES)[number];

export const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

export type Auth =
  | 'none'
  | 'accessToken'
  | 'optionalAccessToken'
  | 'appserviceToken'
  | 'homeserverToken'
  | 'signedRequest'
  | 'identityToken';

/** A parameter; its schema is linked (see {@link Operation}). */
export interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonMap;
}

/** Media type to linked schema; media types that are not JSON have an empty schema. */
export type Content = Readonly<Record<string, JsonMap>>;

export interface Body {
  readonly required: boolean;
  readonly content: Content;
}

export interface Answer {
  /** `200`, or a range as `3XX`. */
  readonly status: string;
  readonly content: Content;
  readonly headers: Readonly<Record<string, JsonMap>>;
}

export interface LegacyPath {
  readonly method: string;
  readonly path: string;
  readonly optional: boolean;
  readonly group?: string;
  readonly fixed?: Readonly<Record<string, string>>;
  readonly only?: Readonly<Record<string, string>>;
  readonly pair?: boolean;
}

/**
 * One operation in neutral shape: nothing of YAML, files or TypeScript is left. Schemas in it are *linked*: every
 * `$ref` in them is `#/components/schemas/<group>.<Name>` and is found in {@link Model.definitions}.
 */
export interface Operation {
  readonly id: string;
  readonly api: ApiName;
  readonly stem: string;
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly auth: Auth;
  /** Scheme names by the document, for the bundles. */
  readonly security: readonly string[];
  readonly guests: boolean;
  readonly rateLimited: boolean;
  readonly deprecated: boolean;
  readonly extension: boolean;
  readonly added?: string;
  readonly parameters: readonly Parameter[];
  readonly body?: Body;
  readonly answers: readonly Answer[];
  readonly when?: { readonly in: 'body' | 'query'; readonly name: string };
  readonly aliases: readonly LegacyPath[];
}

/** Everything the emitters need. */
export interface Model {
  readonly operations: readonly Operation[];
  /** Linked schemas by `<group>.<Name>`; a group is an API's name, `event-schemas` or `schemas`. */
  readonly definitions: ReadonlyMap<string, JsonMap>;
  readonly securitySchemes: Readonly<Record<string, JsonMap>>;
  readonly version: string;
  /** Entries beside the documents that name operations the documents lack, in words. */
  readonly stale: readonly string[];
}
