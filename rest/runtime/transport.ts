import type { JsonValue } from '#kernel/json';

/** One request of ours to somebody else, in the words of an operation. */
export interface OutboundRequest {
  /** API and operationId, as in `server-server/getEvent`: for logs, metrics and checking the answer. */
  readonly id: string;
  readonly method: string;
  /** The path with its parameters filled in and percent-encoded, without a query. */
  readonly path: string;
  /** Repeated keys for lists; values as text. */
  readonly query: readonly (readonly [string, string])[];
  /** JSON, when the operation has a body. */
  readonly body?: JsonValue;
}

/** An answer that is not JSON: a file, a redirect. */
export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: NodeJS.ReadableStream;
}

/**
 * What carries requests: it knows the destination, signs or adds a token, and throws when there is no answer or when
 * the status is not 2xx.
 */
export interface Transport {
  json(request: OutboundRequest): Promise<{ readonly status: number; readonly body: JsonValue }>;
  raw(request: OutboundRequest): Promise<RawReply>;
}

interface Facts {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}
interface Input {
  readonly path?: object;
  readonly query?: object;
  readonly body?: unknown;
}

type QueryValue = string | number | boolean | undefined;

/** Sends a request and gives the JSON of the answer, typed by the caller's operation; the transport checks it. */
export async function call<Reply>(transport: Transport, facts: Facts, input: Input = {}): Promise<Reply> {
  const { body } = await transport.json(requestOf(facts, input));
  return body as Reply;
}

/** Sends a request whose answer is not JSON. */
export async function callRaw(transport: Transport, facts: Facts, input: Input = {}): Promise<RawReply> {
  return transport.raw(requestOf(facts, input));
}

/** Fills the path template, percent-encoding each parameter, and spreads lists over repeated query keys. */
export function requestOf(facts: Facts, input: Input): OutboundRequest {
  const path = new Map(Object.entries(input.path ?? {}));
  return {
    ...facts,
    path: facts.path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(path.get(name) ?? ''))),
    query: Object.entries(input.query ?? {}).flatMap(([name, value]: [string, QueryValue | readonly QueryValue[]]) => {
      const values = Array.isArray(value) ? (value as readonly QueryValue[]) : [value as QueryValue];
      return values.filter((one) => one !== undefined).map((one): [string, string] => [name, String(one)]);
    }),
    ...(input.body === undefined ? {} : { body: input.body as JsonValue }),
  };
}
