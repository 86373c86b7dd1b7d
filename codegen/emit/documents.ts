import { isMap, type Json, type JsonMap } from '../model/json';
import type { Content, Model, Operation, Parameter } from '../model/operation';
import { bodySchema, isJsonType, jsonSchema } from '../model/shape';
import { boundParameter, boundStrings } from './limits';
import { reachable } from './reach';

/** Facts that say nothing to a validator, or what it would have to be taught. */
const MUTE = new Set(['format', 'deprecated', 'default']);
/** Event formats: the domain checks each event by itself, so that one bad event does not spoil its request. */
const EVENT = /^server-server\.(Pdu|Edu|EduWithExample)(V\d+)?$/;

/**
 * Standalone OpenAPI 3.1 documents, one for each operation, for request and response validation. Operations that
 * share a route get the same document, whose body is told apart by the operation's `when`.
 */
export function emitDocuments(model: Model): Map<string, JsonMap> {
  const byRoute = new Map<string, Operation[]>();
  for (const operation of model.operations) {
    const key = `${operation.method} ${operation.path}`;
    byRoute.set(key, [...(byRoute.get(key) ?? []), operation]);
  }
  return new Map(
    model.operations.map((operation): [string, JsonMap] => {
      const sharing = byRoute.get(`${operation.method} ${operation.path}`) ?? [operation];
      return [operation.id, documentOf(operation, sharing, model)];
    }),
  );
}

function documentOf(operation: Operation, sharing: readonly Operation[], model: Model): JsonMap {
  const parameters = mergeParameters(sharing);
  const body = mergeBody(sharing);
  const answers: JsonMap = {};
  for (const one of sharing)
    for (const answer of one.answers) answers[answer.status] = response(answer.content, answer.headers);
  // Any operation may fail in ways its document does not list; a failure always has this shape.
  answers.default ??= { description: 'default', content: { 'application/json': { schema: ERROR } } };
  const route: JsonMap = {
    operationId: operation.operationId,
    'x-eov-allow-unknown-query-parameters': true,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body.value } : {}),
    responses: answers,
  };
  const asked = reachable([parameters, body?.value ?? null], model.definitions);
  const schemas: JsonMap = {};
  for (const [name, schema] of reachable([route], model.definitions)) {
    const bounded =
      EVENT.test(name) && asked.has(name)
        ? { type: 'object' }
        : asked.has(name)
          ? boundStrings(lax(schema))
          : lax(schema);
    schemas[name] = bounded;
  }
  const needed = reachable(
    [route],
    new Map(Object.entries(schemas).map(([name, schema]) => [name, isMap(schema) ? schema : {}])),
  );
  return {
    openapi: '3.1.0',
    info: { title: operation.id, version: '1' },
    paths: { [operation.path]: { [operation.method.toLowerCase()]: route } },
    ...(needed.size > 0 ? { components: { schemas: Object.fromEntries(needed) } } : {}),
  };
}

const ERROR: JsonMap = {
  type: 'object',
  required: ['errcode'],
  properties: { errcode: { type: 'string' }, error: { type: 'string' } },
};

function mergeParameters(sharing: readonly Operation[]): JsonMap[] {
  const found = new Map<string, Parameter>();
  for (const operation of sharing) {
    for (const parameter of operation.parameters) {
      const key = `${parameter.in} ${parameter.name}`;
      const everywhere = sharing.every(({ parameters }) =>
        parameters.some(({ in: where, name, required }) => required && `${where} ${name}` === key),
      );
      found.set(key, { ...parameter, required: parameter.required && everywhere });
    }
  }
  return (
    [...found.values()]
      // A header parameter called Content-Type has no effect in OpenAPI; an exploded object takes any key.
      .filter((parameter) => parameter.in !== 'header' && parameter.schema.type !== 'object')
      .map((parameter) => ({
        in: parameter.in,
        name: parameter.name,
        required: parameter.in === 'path' || parameter.required,
        schema: parameterSchema(parameter),
      }))
  );
}

/** An optional parameter keeps its default, which the validator fills in; bodies reach the domain as they were sent. */
function parameterSchema({ in: where, name, required, schema }: Parameter): JsonMap {
  const bounded = boundParameter(where, name, lax(schema));
  return required || schema.default === undefined ? bounded : { ...bounded, default: schema.default };
}

function mergeBody(sharing: readonly Operation[]): { value: JsonMap } | undefined {
  const withBody = sharing.filter(({ body }) => body !== undefined);
  const [first] = withBody;
  // Validators must leave an upload alone: its media type is anything.
  if (!first?.body || !Object.keys(first.body.content).some(isJsonType)) return undefined;
  const required = withBody.length === sharing.length && withBody.every(({ body }) => body?.required);
  const special = withBody.find(({ when }) => when?.in === 'body');
  const rest = withBody.find((operation) => operation !== special);
  if (special?.when && rest) {
    const schema = {
      type: 'object',
      if: { required: [special.when.name] },
      then: asked(bodySchema(special)),
      else: asked(bodySchema(rest)),
    };
    return { value: { required, content: { 'application/json': { schema } } } };
  }
  const content = Object.entries(first.body.content).map(([type, schema]): [string, JsonMap] => [
    type,
    isJsonType(type) ? { schema: asked(schema) } : {},
  ]);
  return { value: { required, content: Object.fromEntries(content) } };
}

function asked(schema: JsonMap | undefined): JsonMap {
  return boundStrings(lax(schema ?? {}));
}

function response(content: Content, headers: Readonly<Record<string, JsonMap>>): JsonMap {
  const json = jsonSchema(content);
  const media = Object.keys(content).map((type): [string, JsonMap] => [
    type,
    isJsonType(type) && json ? { schema: lax(json) } : {},
  ]);
  return {
    description: 'answer',
    ...(media.length > 0 ? { content: Object.fromEntries(media) } : {}),
    ...(Object.keys(headers).length > 0
      ? { headers: Object.fromEntries(Object.keys(headers).map((name) => [name, { schema: { type: 'string' } }])) }
      : {}),
  };
}

/**
 * The schema as a server should hold others to it: unknown properties are welcome, overlapping alternatives are no
 * fault, and formats are left to the domain.
 */
export function lax(schema: JsonMap): JsonMap {
  const kept: JsonMap = {};
  for (const [key, value] of Object.entries(schema)) {
    if (MUTE.has(key) || key.startsWith('x-') || (key === 'additionalProperties' && value === false)) continue;
    if (key === 'oneOf') kept.anyOf = each(value);
    else if (key === 'properties' || key === 'patternProperties') kept[key] = named(value);
    else if (key === 'enum' || key === 'const' || key === 'required') kept[key] = value;
    else kept[key] = Array.isArray(value) ? each(value) : isMap(value) ? lax(value) : value;
  }
  return kept;
}

function each(value: Json | undefined): Json[] {
  return (Array.isArray(value) ? value : []).map((item) => (isMap(item) ? lax(item) : item));
}

function named(value: Json | undefined): JsonMap {
  return Object.fromEntries(
    Object.entries(isMap(value) ? value : {}).map(([name, schema]) => [name, isMap(schema) ? lax(schema) : schema]),
  );
}
