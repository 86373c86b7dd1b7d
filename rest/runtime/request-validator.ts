import type { Response } from 'express';
import type {
  OpenAPIV3,
  OpenApiRequest,
  OpenApiRequestMetadata,
  ValidateResponseOpts,
} from 'express-openapi-validator/dist/framework/types';
import { RequestValidator as LibraryValidator } from 'express-openapi-validator/dist/middlewares';
import { SchemaPreprocessor } from 'express-openapi-validator/dist/middlewares/parsers/schema.preprocessor';
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

/** An operation made ready: the library's validator, and the operation as the library knows it. */
interface ReadyOperation {
  readonly validator: LibraryValidator;
  readonly schema: OpenApiRequestMetadata['schema'];
}

/**
 * Validates requests with express-openapi-validator. Of its middlewares only the one that validates is used: the one before
 * it would look for the operation again, compiling the matchers of every route of its document for every request.
 */
export class RequestValidator {
  private readonly ready = new Map<string, ReadyOperation>();

  constructor(private readonly documents: DocumentSource) {}

  /** Throws `M_MISSING_PARAM`, `M_BAD_JSON` (bodies) or `M_INVALID_PARAM` (path, query), naming the field. */
  check(contract: OperationContract, parts: Validated): void {
    const { validator, schema } = this.operationOf(contract);
    const view = new RequestView(contract, parts, schema) as unknown as OpenApiRequest;
    let passed = false;
    try {
      void validator.validate(view, RESPONSE, () => (passed = true));
    } catch (error) {
      throw asMatrixError(error);
    }
    if (!passed) throw new Error(`The validator has not judged ${contract.id}`);
  }

  /** Makes operations ready before their first request, with a request of nothing. */
  warm(contracts: Iterable<OperationContract>): void {
    for (const contract of contracts) {
      try {
        this.check(contract, { path: {}, query: {}, body: {} });
      } catch {
        // A request of nothing is refused by many; by then all is compiled.
      }
    }
  }

  private operationOf(contract: OperationContract): ReadyOperation {
    const known = this.ready.get(contract.id);
    if (known !== undefined) return known;
    const operation = makeReady(forRequests(this.documents(contract)));
    this.ready.set(contract.id, operation);
    return operation;
  }
}

/**
 * What the library's own `installMiddleware` does of it all that concerns requests. Its loader is left out, which would
 * compile the schema of OpenAPI itself for each document: that was three quarters of an operation's first request.
 */
function makeReady(document: JsonObject): ReadyOperation {
  // The library writes into what it is given.
  const apiDoc = structuredClone(document) as unknown as OpenAPIV3.DocumentV3_1;
  const { ajvOpts, options } = new OpenApiValidator({
    apiSpec: apiDoc,
    validateRequests: { allowUnknownQueryParameters: true },
    validateResponses: false,
    validateSecurity: false,
    validateFormats: false,
    fileUploader: false,
  });
  // The library's types do not know that there may be none, as it calls this itself.
  const responses = options.validateResponses as ValidateResponseOpts;
  new SchemaPreprocessor(apiDoc, ajvOpts.preprocessor, responses).preProcess();
  const validator = new LibraryValidator(apiDoc, ajvOpts.request);
  return { validator, schema: operationOf(apiDoc as unknown as JsonObject) };
}

/** The validator writes nothing to the response. */
const RESPONSE = {} as Response;

const HEADERS = { 'content-type': 'application/json' };

/**
 * What the validator sees of a request. The content type is fixed: the library keeps one compiled validator for each
 * content type it meets, and clients could name any number of them. `originalUrl` has no query, because the library
 * refuses the unescaped `@` and `:` that clients send there; our own parser has read it.
 */
class RequestView {
  readonly originalUrl = PLACE;
  readonly headers = HEADERS;
  readonly method: string;
  readonly body: JsonObject | undefined;
  readonly openapi: OpenApiRequestMetadata;
  query: Query;
  params: Readonly<Record<string, string>>;

  constructor({ method }: OperationContract, { path, query, body }: Validated, schema: ReadyOperation['schema']) {
    this.method = method;
    this.params = path;
    this.query = query;
    this.body = body;
    this.openapi = { expressRoute: PLACE, openApiRoute: PLACE, pathParams: path, schema, serial: 1 };
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
