import { createHmac } from 'node:crypto';
import type { JsonObject, JsonValue } from '#kernel/json';
import { isJsonObject } from '#kernel/json';
import { canonicalJson } from '#protocol/canonical-json';

/** Ways to authenticate, each a list of stages in order. */
export type UiaFlows = readonly (readonly string[])[];

/** What a request says to the challenge; undefined when it says nothing. */
export function readAuth(body: object): JsonObject | undefined {
  const auth = (body as { readonly auth?: JsonValue }).auth;
  return isJsonObject(auth) ? auth : undefined;
}

/** Whether a stage may follow what is completed in some flow. */
export function isNext(flows: UiaFlows, completed: readonly string[], stage: string): boolean {
  return flows.some((stages) => stages[completed.length] === stage && completed.every((done, i) => stages[i] === done));
}

/** Whether what is completed is a whole flow. */
export function isComplete(flows: UiaFlows, completed: readonly string[]): boolean {
  return flows.some(
    (stages) => stages.length === completed.length && stages.every((stage, i) => completed[i] === stage),
  );
}

/** The body without its auth object, as a MAC under the session id: the database alone cannot be asked about passwords. */
export function bodyMac(sessionId: string, body: object): string {
  const rest: Record<string, unknown> = { ...body };
  delete rest['auth'];
  const text = canonicalJson(rest as JsonObject, { strict: false });
  return createHmac('sha256', sessionId).update(text).digest('hex');
}
