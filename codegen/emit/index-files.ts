import { CodegenError } from '../model/json';
import { pascalCase } from '../model/names';
import { API_NAMES, type Model } from '../model/operation';
import type { Stem } from './routes';
import { GENERATED, propertyKey } from './text';

/** The text of `gaps.ts`: per API, the operations that may be missing. A line that names no operation is a fault. */
export function emitGaps(model: Model, gaps: readonly string[]): string {
  const ids = new Set(model.operations.map(({ id }) => id));
  const seen = new Set<string>();
  for (const gap of gaps) {
    if (!ids.has(gap)) throw new CodegenError(`test/conformance/gaps.txt: ${gap} is no operation; remove the line`);
    if (seen.has(gap)) throw new CodegenError(`test/conformance/gaps.txt: ${gap} is listed twice`);
    seen.add(gap);
  }
  const lines = API_NAMES.map((api) => {
    const names = gaps.filter((gap) => gap.startsWith(`${api}/`)).map((gap) => `'${gap.slice(api.length + 1)}'`);
    return `  ${propertyKey(api)}: ${names.length === 0 ? 'never' : `\n    | ${names.sort().join('\n    | ')}`};`;
  });
  return `${GENERATED}
/** Operations of \`test/conformance/gaps.txt\`: nothing serves them yet, and nothing may as long as they are listed. */
export interface Gaps {
${lines.join('\n')}
}
`;
}

/** The text of `index.ts`: all delegates per API, what of them must be there, and all contracts. */
export function emitIndex(stems: readonly Stem[]): string {
  const imports: string[] = [];
  const interfaces: string[] = [];
  for (const api of API_NAMES) {
    const own = stems.filter((stem) => stem.api === api);
    const alias = (name: string): string => `${pascalCase(api)}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    for (const { stem, delegate, routes } of own) {
      imports.push(
        `import { type ${delegate} as ${alias(delegate)}, ${routes} as ${alias(routes)} } from './${api}/${stem}.routes';`,
      );
    }
    const members = own.map(({ property, delegate }) => `  ${property}: ${alias(delegate)};`);
    interfaces.push(
      `/** Everything that serves the ${api} API. */\nexport interface ${pascalCase(api)}Delegates {\n${members.join('\n')}\n}\n` +
        `/** What of it must be there: all but the gaps. */\nexport type ${pascalCase(api)}Served = ServedApi<${pascalCase(api)}Delegates, Gaps['${api}']>;\n`,
    );
  }
  const served = API_NAMES.map((api) => `  ${propertyKey(api)}: ${pascalCase(api)}Served;`);
  const routes = stems.map(
    ({ api, routes: name }) => `  ...${pascalCase(api)}${name.charAt(0).toUpperCase()}${name.slice(1)},`,
  );
  return `${GENERATED}import type { OperationContract } from '../runtime/contract';
import type { ServedApi } from '../runtime/served';
import type { Gaps } from './gaps';
${imports.join('\n')}

export type { Gaps } from './gaps';

${interfaces.join('\n')}
/** What a server hands to the runtime: the delegates of every API. */
export interface AllServed {
${served.join('\n')}
}

/** The contracts of all operations, in the order of the documents. */
export const contracts: readonly OperationContract[] = [
${routes.join('\n')}
];
`;
}
