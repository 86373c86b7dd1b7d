import type { JsonMap } from './json';
import type { Answer, Operation } from './operation';

export type BodyKind = 'none' | 'json' | 'optionalJson' | 'binary';

/** What the runtime has to do with the request body. */
export function bodyKind(operation: Operation): BodyKind {
  if (!operation.body) return 'none';
  if (!Object.keys(operation.body.content).some(isJsonType)) return 'binary';
  return operation.body.required ? 'json' : 'optionalJson';
}

/** The linked schema of the JSON request body. */
export function bodySchema(operation: Operation): JsonMap | undefined {
  return jsonSchema(operation.body?.content ?? {});
}

export function jsonSchema(content: Readonly<Record<string, JsonMap>>): JsonMap | undefined {
  const found = Object.entries(content).find(([type]) => isJsonType(type));
  return found?.[1];
}

export interface Success {
  /** `json`: this status with a JSON body, and perhaps (`also`) other good answers; `http`: whatever the delegate says. */
  readonly kind: 'json' | 'http';
  readonly status: number;
  readonly schema?: JsonMap;
  readonly also: boolean;
}

/** The success answer: the first 2xx, and whether other statuses below 400 are listed beside it. */
export function successOf(operation: Operation): Success {
  const good = operation.answers.filter(({ status }) => /^[23]/.test(status));
  const first = good.find(({ status }) => /^2\d\d$/.test(status));
  const schema = first && isJsonAnswer(first) ? jsonSchema(first.content) : undefined;
  if (!first || !schema) return { kind: 'http', status: Number(first?.status ?? 200), also: true };
  return { kind: 'json', status: Number(first.status), schema, also: good.length > 1 };
}

function isJsonAnswer(answer: Answer): boolean {
  return Object.keys(answer.content).every(isJsonType) && Object.keys(answer.content).length > 0;
}

export function isJsonType(type: string): boolean {
  return /[/+]json\s*(;|$)/i.test(type);
}
