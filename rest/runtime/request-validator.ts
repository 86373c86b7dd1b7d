import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Spec } from 'express-openapi-validator/dist/framework/openapi.spec.loader';
import { OpenApiValidator } from 'express-openapi-validator/dist/openapi.validator';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import type { OperationContract } from './contract';
import { operationOf, type DocumentSource } from './documents';
import type { Query } from './query-string';
import { asMatrixError } from './validation-errors';

/** What of a request is validated. Query values are coerced and defaults filled in, in place. */
export interface Validated {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: JsonObject | undefined;
}

/** The path that every document is mounted at: our own trie has matched already, so there is nothing to match. */
const PLACE = '/operation';

/**
 * Validates requests with express-openapi-validator, which compiles the matchers of every route of its document for
 * every request; so each operation has a document of its own, made ready when it is first asked for.
 */
export class RequestValidator {
  private readonly ready = new Map<string, readonly RequestHandler[]>();

  constructor(private readonly documents: DocumentSource) {}

  /** Throws `M_MISSING_PARAM`, `M_BAD_JSON` (bodies) or `M_INVALID_PARAM` (path, query), naming the field. */
  check(contract: OperationContract, parts: Validated): Promise<void> {
    const view = new RequestView(contract, parts) as unknown as Request;
    const steps = this.stepsOf(contract);
    return new Promise((resolve, reject) => {
      const run = (at: number): void => {
        const step = steps[at];
        if (step === undefined) return resolve();
        const next = (error?: unknown): void => {
          if (error === undefined) run(at + 1);
          else reject(asMatrixError(error));
        };
        void step(view, RESPONSE, next as NextFunction);
      };
      run(0);
    });
  }

  /** Makes operations ready before their first request, with a request of nothing. */
  async warm(contracts: Iterable<OperationContract>): Promise<void> {
    for (const contract of contracts) {
      await this.check(contract, { path: {}, query: {}, body: {} }).catch(() => undefined);
    }
  }

  private stepsOf(contract: OperationContract): readonly RequestHandler[] {
    const known = this.ready.get(contract.id);
    if (known !== undefined) return known;
    const spec = specOf(contract, forRequests(this.documents(contract)));
    const validator = new OpenApiValidator({
      apiSpec: spec.apiDoc,
      validateRequests: { allowUnknownQueryParameters: true },
      validateResponses: false,
      validateSecurity: false,
      validateFormats: false,
      fileUploader: false,
    });
    const steps = validator.installMiddleware(Promise.resolve(spec)) as unknown as readonly RequestHandler[];
    this.ready.set(contract.id, steps);
    return steps;
  }
}

/**
 * What the library's own loader would make of a document of one operation. The loader compiles the schema of OpenAPI itself
 * for each document, even where documents are not to be checked: that was three quarters of an operation's first request.
 */
function specOf(contract: OperationContract, document: JsonObject): Spec {
  const route = { basePath: '', expressRoute: PLACE, openApiRoute: PLACE, method: contract.method, pathParams: [] };
  // The library writes into what it is given.
  const apiDoc = structuredClone(document) as unknown as Spec['apiDoc'];
  return { apiDoc, basePaths: [''], routes: [route], serial: 1 };
}

/** The validator writes nothing to the response. */
const RESPONSE = {} as Response;

const HEADERS = { 'content-type': 'application/json' };

/** An application as the validator asks for it. */
const APP = { enabled: () => true, param: () => undefined };

/**
 * What the validator sees of a request. The content type is fixed: the library keeps one compiled validator for each
 * content type it meets, and clients could name any number of them. `originalUrl` has no query, because the library
 * refuses the unescaped `@` and `:` that clients send there; our own parser has read it.
 */
class RequestView {
  readonly app = APP;
  readonly baseUrl = '';
  readonly path = PLACE;
  readonly originalUrl = PLACE;
  readonly method: string;
  readonly headers = HEADERS;
  readonly body: JsonObject | undefined;
  query: Query;

  constructor(
    contract: OperationContract,
    private readonly parts: Validated,
  ) {
    this.method = contract.method;
    this.query = parts.query;
    this.body = parts.body;
  }

  get params(): Readonly<Record<string, string>> {
    return this.parts.path;
  }

  /** The library puts the parameters of its own match here, which has none. */
  set params(_matched: Readonly<Record<string, string>>) {
    return;
  }
}

/** The part of a document that says how a request must look. */
function forRequests(document: JsonObject): JsonObject {
  const [item] = Object.values(document['paths'] as JsonObject);
  const [method = 'get'] = Object.keys(item as JsonObject);
  const operation = operationOf(document);
  const body = operation['requestBody'];
  const kept: JsonObject = {
    ...(Array.isArray(operation['parameters']) && { parameters: operation['parameters'].filter(isChecked) }),
    ...(isJsonObject(body) && { requestBody: jsonBody(body) }),
    responses: {},
  };
  return {
    openapi: '3.1.0',
    info: { title: 'operation', version: '1' },
    paths: { [PLACE]: { [method]: kept } },
    ...(isJsonObject(document['components']) && { components: { schemas: document['components']['schemas'] ?? {} } }),
  };
}

/** Header parameters would be checked in headers that the validator does not see; the documents have none. */
function isChecked(parameter: JsonValue): boolean {
  return !isJsonObject(parameter) || parameter['in'] !== 'header';
}

/** Bodies that are no JSON are not the validator's. */
function jsonBody(body: JsonObject): JsonObject {
  const content = body['content'];
  const json = isJsonObject(content) ? content['application/json'] : undefined;
  return json === undefined
    ? { content: { 'application/json': {} } }
    : { ...body, content: { 'application/json': json } };
}
