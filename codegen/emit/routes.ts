import type { JsonMap } from '../model/json';
import { camelCase, pascalCase } from '../model/names';
import type { Auth, Model, Operation, Parameter } from '../model/operation';
import { bodyKind, bodySchema, successOf } from '../model/shape';
import { GENERATED, indent, literal, propertyKey } from './text';
import { namespaceOf, TypePrinter } from './types';

const CALLS: Readonly<Record<Auth, string>> = {
  none: 'OpenCall',
  accessToken: 'UserCall',
  optionalAccessToken: 'MaybeUserCall',
  appserviceToken: 'UserCall',
  homeserverToken: 'OpenCall',
  signedRequest: 'ServerCall',
  identityToken: 'UserCall',
};

/** The operations of one document, and the names its file gives things. */
export interface Stem {
  readonly api: string;
  readonly stem: string;
  /** The delegate interface, as `RoomSend`. */
  readonly delegate: string;
  /** Its property among all delegates, as `roomSend`. */
  readonly property: string;
  /** The list of contracts, as `roomSendRoutes`. */
  readonly routes: string;
  readonly operations: readonly Operation[];
}

/** Groups a model's operations by document. */
export function stemsOf(model: Model): Stem[] {
  const groups = new Map<string, Operation[]>();
  for (const operation of model.operations) {
    const key = `${operation.api}/${operation.stem}`;
    groups.set(key, [...(groups.get(key) ?? []), operation]);
  }
  return [...groups].map(([key, operations]) => {
    const [api = '', stem = ''] = key.split('/');
    return {
      api,
      stem,
      delegate: pascalCase(stem),
      property: camelCase(stem),
      routes: `${camelCase(stem)}Routes`,
      operations,
    };
  });
}

/** The interface of an operation's types; where the document has the same name, `Operation` is put behind it. */
export function operationType(operation: Operation): string {
  const name = pascalCase(operation.operationId);
  return name === pascalCase(operation.stem) ? `${name}Operation` : name;
}

/** The text of `<stem>.routes.ts`: types, delegate interface, contracts. */
export function emitRoutes(stem: Stem, model: Model): string {
  const printer = new TypePrinter(model.definitions);
  const types = stem.operations.map((operation) => operationInterface(operation, printer)).join('');
  const calls = [...new Set(stem.operations.map(({ auth }) => CALLS[auth]))];
  if (/\bHttpReply\b/.test(types)) calls.push('HttpReply');
  const imports = [
    ...(printer.json.size > 0 ? [`import type { ${[...printer.json].sort().join(', ')} } from '#kernel/json';`] : []),
    `import type { ${calls.sort().join(', ')} } from '../../runtime/call';`,
    `import type { OperationContract } from '../../runtime/contract';`,
    ...definitionImports(printer, stem.api),
  ];
  return [GENERATED + imports.join('\n'), types + printer.helpers(), delegateInterface(stem), contracts(stem)].join(
    '\n',
  );
}

/** Import lines of the definition files that the printed types name. */
export function definitionImports(printer: TypePrinter, api: string, home?: string): string[] {
  const groups = new Set([...printer.used].map((id) => id.split('.', 1)[0] ?? ''));
  return [...groups]
    .filter((group) => group !== home)
    .sort()
    .map((group) => {
      const place =
        group === 'event-schemas' || group === 'schemas'
          ? `../${group}`
          : group === api
            ? './definitions'
            : `../${group}/definitions`;
      return `import type * as ${namespaceOf(group)} from '${place}';`;
    });
}

function operationInterface(operation: Operation, printer: TypePrinter): string {
  const name = operationType(operation);
  const header = parametersType(operation, 'header', printer);
  const types = ['path', 'query', 'body', ...(header === EMPTY ? [] : ['header'])].map((part) => `${name}['${part}']`);
  const lines = [
    `path: ${parametersType(operation, 'path', printer)};`,
    `query: ${parametersType(operation, 'query', printer)};`,
    `body: ${bodyType(operation, printer)};`,
    ...(header === EMPTY ? [] : [`header: ${header};`]),
    `call: ${CALLS[operation.auth]}<${types.join(', ')}>;`,
    `reply: ${replyType(operation, printer)};`,
  ];
  return `\n/** ${title(operation)} */\nexport interface ${name} {\n  ${lines.map((line) => indent(line)).join('\n  ')}\n}\n`;
}

function title({ method, path, summary }: Operation): string {
  return `${method} ${path}${summary === '' ? '' : `: ${summary}`}`.replaceAll('*/', '*\\/');
}

const EMPTY = 'Record<string, never>';

function parametersType(operation: Operation, where: Parameter['in'], printer: TypePrinter): string {
  const found = operation.parameters.filter((parameter) => parameter.in === where);
  if (found.length === 0) return EMPTY;
  // An exploded object: each of its fields is a query key of its own, with any name.
  if (found.some(({ schema }) => schema.type === 'object')) return '{ readonly [field: string]: string | undefined }';
  const lines = found.map(({ name, required, schema }) => {
    const key = where === 'header' ? name.toLowerCase() : name;
    return `readonly ${propertyKey(key)}${required ? '' : '?'}: ${printer.print(schema)};`;
  });
  return `{\n  ${lines.map((line) => indent(line)).join('\n  ')}\n}`;
}

function bodyType(operation: Operation, printer: TypePrinter): string {
  const kind = bodyKind(operation);
  if (kind === 'none' || kind === 'binary') return 'undefined';
  const text = printer.print(bodySchema(operation) ?? {});
  // An absent body reaches the delegate as an empty object.
  return kind === 'optionalJson' && needsProperties(bodySchema(operation)) ? `Partial<${text}>` : text;
}

function needsProperties(schema: JsonMap | undefined): boolean {
  return (
    schema !== undefined &&
    (Array.isArray(schema.required) || Array.isArray(schema.allOf) || typeof schema.$ref === 'string')
  );
}

function replyType(operation: Operation, printer: TypePrinter): string {
  const success = successOf(operation);
  if (success.kind === 'http' || !success.schema) return 'HttpReply';
  return success.also ? `${printer.print(success.schema)} | HttpReply` : printer.print(success.schema);
}

function delegateInterface(stem: Stem): string {
  const methods = stem.operations.map((operation) => {
    const type = operationType(operation);
    return `  ${propertyKey(operation.operationId)}(call: ${type}['call']): Promise<${type}['reply']>;`;
  });
  return `/** What serves the operations of \`${stem.api}/${stem.stem}\`. */\nexport interface ${stem.delegate} {\n${methods.join('\n')}\n}\n`;
}

function contracts(stem: Stem): string {
  const entries = stem.operations.map((operation) => `  ${indent(contractText(operation))},`);
  return `export const ${stem.routes}: readonly OperationContract[] = [\n${entries.join('\n')}\n];\n`;
}

function contractText(operation: Operation): string {
  const { id, api, operationId, method, path, auth, guests, rateLimited, deprecated, when, aliases } = operation;
  const success = successOf(operation);
  const arrayQuery = operation.parameters
    .filter(({ in: where, schema }) => where === 'query' && schema.type === 'array')
    .map(({ name }) => name);
  const facts = {
    id,
    api,
    operationId,
    method,
    path,
    auth,
    guests,
    rateLimited,
    deprecated,
    body: bodyKind(operation),
    success: success.kind === 'json' ? { kind: success.kind, status: success.status } : { kind: success.kind },
    arrayQuery,
  };
  const lines = Object.entries(facts).map(([key, value]) => `${key}: ${literal(value)},`);
  lines.push(
    aliases.length === 0
      ? 'aliases: [],'
      : `aliases: [\n${aliases.map((alias) => `  ${literal(alias)},`).join('\n')}\n],`,
  );
  if (when) lines.push(`when: ${literal(when)},`);
  return `{\n  ${lines.map((line) => indent(line)).join('\n  ')}\n}`;
}
