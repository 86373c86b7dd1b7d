import type { JsonMap } from '../model/json';
import type { Model } from '../model/operation';
import { bodySchema, successOf } from '../model/shape';
import { reachable } from './reach';
import { definitionImports } from './routes';
import { GENERATED } from './text';
import { TypePrinter } from './types';

/** One file of named types for each group of definitions that requests or success answers need. */
export function emitDefinitions(model: Model): Map<string, string> {
  const roots: JsonMap[] = [];
  for (const operation of model.operations) {
    roots.push(bodySchema(operation) ?? {}, successOf(operation).schema ?? {});
    for (const { schema } of operation.parameters) roots.push(schema);
  }
  const groups = new Map<string, [string, JsonMap][]>();
  for (const [id, schema] of reachable(roots, model.definitions)) {
    const [group = '', name = ''] = id.split('.', 2);
    groups.set(group, [...(groups.get(group) ?? []), [name, schema]]);
  }
  return new Map([...groups].map(([group, entries]) => [fileOf(group), definitionFile(group, entries, model)]));
}

function fileOf(group: string): string {
  return group === 'event-schemas' || group === 'schemas' ? `${group}.ts` : `${group}/definitions.ts`;
}

function definitionFile(group: string, entries: readonly [string, JsonMap][], model: Model): string {
  const printer = new TypePrinter(model.definitions, group);
  const types = entries.map(([name, schema]) => `export type ${name} = ${printer.print(schema)};\n`);
  const shared = group === 'event-schemas' || group === 'schemas';
  const imports = [
    ...(printer.json.size > 0 ? [`import type { ${[...printer.json].sort().join(', ')} } from '#kernel/json';`] : []),
    ...definitionImports(printer, group, group).map((line) => (shared ? line.replaceAll("'../", "'./") : line)),
  ];
  return `${GENERATED}${imports.join('\n')}\n\n${types.join('\n')}${printer.helpers()}`;
}
