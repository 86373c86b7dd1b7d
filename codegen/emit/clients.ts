import { pascalCase } from '../model/names';
import type { ApiName, Model, Operation } from '../model/operation';
import { bodyKind, successOf } from '../model/shape';
import { operationType, stemsOf, type Stem } from './routes';
import { GENERATED, indent, literal, propertyKey } from './text';

/** The APIs a homeserver calls on others. */
export const CALLED: readonly ApiName[] = ['server-server', 'application-service', 'identity', 'push-gateway'];

/** The text of `clients/<api>.ts`: one method for each operation, over a transport. */
export function emitClient(api: ApiName, model: Model): string {
  const stems = stemsOf(model).filter((stem) => stem.api === api);
  const name = `${pascalCase(api)}Client`;
  const raw = stems.some(({ operations }) => operations.some((operation) => successOf(operation).kind === 'http'));
  const methods = stems.flatMap(({ operations }) => operations.map((operation) => method(operation)));
  return `${GENERATED}import { call, ${raw ? 'callRaw, type RawReply, ' : ''}type Transport } from '../../runtime/transport';
${stems.map((stem) => importLine(stem)).join('\n')}

/** Calls the ${api} API of somebody else. Answers are typed as the specification has them; they are theirs to break. */
export class ${name} {
  constructor(private readonly transport: Transport) {}

${methods.join('\n\n')}
}
`;
}

function importLine({ api, stem, operations }: Stem): string {
  return `import type { ${operations.map(operationType).join(', ')} } from '../${api}/${stem}.routes';`;
}

function method(operation: Operation): string {
  const type = operationType(operation);
  const parts = [
    ...(operation.parameters.some(({ in: where }) => where === 'path') ? ['path'] : []),
    ...(operation.parameters.some(({ in: where }) => where === 'query') ? ['query'] : []),
    ...(bodyKind(operation) === 'none' ? [] : ['body']),
  ];
  const optional = parts.every(
    (part) =>
      part === 'query' && !operation.parameters.some(({ in: where, required }) => where === 'query' && required),
  );
  const input =
    parts.length === 0
      ? ''
      : `input: { ${parts.map((part) => `${part}${part === 'query' && optional ? '?' : ''}: ${type}['${part}']`).join('; ')} }${optional ? ' = {}' : ''}`;
  const facts = literal({ id: operation.id, method: operation.method, path: operation.path });
  const http = successOf(operation).kind === 'http';
  const result = http
    ? 'RawReply'
    : `Exclude<${type}['reply'], { readonly status: number; readonly headers?: unknown }>`;
  const reply = http || !successOf(operation).also ? (http ? result : `${type}['reply']`) : result;
  const text = `/** ${operation.method} ${operation.path}${operation.summary ? `: ${operation.summary}` : ''} */
${propertyKey(operation.operationId)}(${input}): Promise<${reply}> {
  return ${http ? 'callRaw' : 'call'}(this.transport, ${facts}${parts.length === 0 ? '' : ', input'});
}`;
  return `  ${indent(text)}`;
}
