import { STATUS_CODES } from 'node:http';
import { isMap, textAt, type Json, type JsonMap } from '../model/json';
import { API_NAMES, type ApiName, type Content, type Model, type Operation } from '../model/operation';
import { reachable } from './reach';

/** One self-contained OpenAPI document per API, for readers and other tools; operations that share a route are merged. */
export function emitBundles(model: Model): Map<string, JsonMap> {
  return new Map(API_NAMES.map((api) => [api, bundle(api, model)]));
}

/** What the viewer needs to know of the bundles: one entry for each API. */
export function emitBundleIndex(model: Model): Json {
  return API_NAMES.map((api) => ({
    api,
    file: `${api}.json`,
    version: model.version,
    operations: model.operations.filter((operation) => operation.api === api && !operation.extension).length,
  }));
}

function bundle(api: ApiName, model: Model): JsonMap {
  const paths: Record<string, JsonMap> = {};
  const schemes: JsonMap = {};
  for (const operation of model.operations.filter((one) => one.api === api)) {
    const item = (paths[operation.path] ??= {});
    const method = operation.method.toLowerCase();
    const known = item[method];
    item[method] = isMap(known) ? merge(known, entry(operation)) : entry(operation);
    for (const name of operation.security) schemes[name] = model.securitySchemes[`${api}.${name}`] ?? {};
  }
  const schemas = Object.fromEntries(reachable(Object.values(paths), model.definitions));
  const components: JsonMap = {};
  if (Object.keys(schemas).length > 0) components.schemas = schemas;
  if (Object.keys(schemes).length > 0) components.securitySchemes = schemes;
  return {
    openapi: '3.1.0',
    info: { title: `Matrix ${api} API`, version: model.version },
    servers: [{ url: '/' }],
    paths,
    components,
  };
}

function entry(operation: Operation): JsonMap {
  const answers = operation.answers.map(({ status, content, headers }): [string, JsonMap] => {
    const named = Object.entries(headers).map(([name, schema]): [string, JsonMap] => [name, { schema }]);
    const shown = named.length > 0 ? { headers: Object.fromEntries(named) } : {};
    return [status, { description: STATUS_CODES[status] ?? status, ...shown, ...media(content) }];
  });
  const choices = operation.security.map((name): JsonMap => ({ [name]: [] }));
  return {
    operationId: operation.operationId,
    tags: [operation.stem],
    summary: operation.summary,
    ...(operation.deprecated ? { deprecated: true } : {}),
    ...(operation.added === undefined ? {} : { 'x-addedInMatrixVersion': operation.added }),
    ...(choices.length > 0 ? { security: operation.auth === 'optionalAccessToken' ? [{}, ...choices] : choices } : {}),
    parameters: operation.parameters.map((parameter) => ({ ...parameter })),
    ...(operation.body ? { requestBody: { required: operation.body.required, ...media(operation.body.content) } } : {}),
    responses: Object.fromEntries(answers),
  };
}

function media(content: Content): JsonMap {
  const entries = Object.entries(content).map(([type, schema]): [string, JsonMap] => [type, { schema }]);
  return entries.length === 0 ? {} : { content: Object.fromEntries(entries) };
}

/** Two operations of one route: the first one's words, either's parameters, either's body. */
function merge(one: JsonMap, two: JsonMap): JsonMap {
  const bodies = [one.requestBody, two.requestBody].filter(isMap);
  const schemas = bodies.map((body) => jsonSchemaOf(body)).filter(isMap);
  const parameters = new Map<string, JsonMap>();
  for (const parameter of [one, two].flatMap((entry) => (Array.isArray(entry.parameters) ? entry.parameters : []))) {
    if (isMap(parameter))
      parameters.set(`${textAt(parameter, 'in')} ${textAt(parameter, 'name')}`, {
        ...parameter,
        required: parameter.in === 'path',
      });
  }
  return {
    ...one,
    summary: `${textAt(one, 'summary')} / ${textAt(two, 'summary')}`,
    deprecated: one.deprecated === true && two.deprecated === true,
    parameters: [...parameters.values()],
    ...(schemas.length > 1
      ? { requestBody: { required: true, content: { 'application/json': { schema: { anyOf: schemas } } } } }
      : {}),
    responses: { ...(isMap(two.responses) ? two.responses : {}), ...(isMap(one.responses) ? one.responses : {}) },
  };
}

function jsonSchemaOf(body: JsonMap): Json | undefined {
  const content = isMap(body.content) ? body.content['application/json'] : undefined;
  return isMap(content) ? content.schema : undefined;
}
