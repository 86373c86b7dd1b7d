import { flatten } from '../model/flatten';
import type { JsonMap } from '../model/json';
import type { Content, Model, Operation } from '../model/operation';

/** How one operation differs between two models. */
export interface Change {
  readonly operation: Operation;
  /** What changed, a line each; empty for operations that were added or removed whole. */
  readonly lines: readonly string[];
}
export interface SpecDiff {
  readonly added: readonly Change[];
  readonly removed: readonly Change[];
  readonly changed: readonly Change[];
}

/** Compares two models of the specification, operation by operation; extensions are ours and left out. */
export function diffModels(before: Model, after: Model): SpecDiff {
  const old = byId(before);
  const now = byId(after);
  const changed = [...now].flatMap(([id, operation]): Change[] => {
    const earlier = old.get(id);
    const lines = earlier ? operationLines(earlier, before, operation, after) : [];
    return lines.length > 0 ? [{ operation, lines }] : [];
  });
  const only = (some: Map<string, Operation>, others: Map<string, Operation>): Change[] =>
    [...some.values()].filter(({ id }) => !others.has(id)).map((operation) => ({ operation, lines: [] }));
  return { added: only(now, old), removed: only(old, now), changed };
}

function byId(model: Model): Map<string, Operation> {
  return new Map(model.operations.filter(({ extension }) => !extension).map((operation) => [operation.id, operation]));
}

function operationLines(one: Operation, before: Model, two: Operation, after: Model): string[] {
  return [
    ...(['method', 'path', 'auth', 'deprecated', 'rateLimited', 'stem'] as const)
      .filter((key) => one[key] !== two[key])
      .map((key) => `${key}: ${String(one[key])} -> ${String(two[key])}`),
    ...compare('parameter', parameterFacts(one, before), parameterFacts(two, after)),
    ...compare('body', bodyFacts(one, before), bodyFacts(two, after)),
    ...compare('answer', answerFacts(one, before), answerFacts(two, after)),
  ];
}

function compare(label: string, one: ReadonlyMap<string, string>, two: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  for (const [name, facts] of two) {
    const earlier = one.get(name);
    if (earlier === undefined) lines.push(`${label} ${name}: added (${facts})`);
    else if (earlier !== facts) lines.push(`${label} ${name}: ${earlier} -> ${facts}`);
  }
  for (const [name, facts] of one) if (!two.has(name)) lines.push(`${label} ${name}: removed (${facts})`);
  return lines;
}

function parameterFacts(operation: Operation, model: Model): Map<string, string> {
  return new Map(
    operation.parameters.flatMap(({ in: where, name, required, schema }) =>
      [...flatten(schema, model.definitions)].map(([at, facts]): [string, string] => [
        `${where} ${name}${at}`,
        at === '' ? `${facts}, ${required ? 'required' : 'optional'}` : facts,
      ]),
    ),
  );
}

function bodyFacts(operation: Operation, model: Model): Map<string, string> {
  if (!operation.body) return new Map();
  return new Map([
    ['(whole)', operation.body.required ? 'required' : 'optional'],
    ...contentFacts('', operation.body.content, model),
  ]);
}

function answerFacts(operation: Operation, model: Model): Map<string, string> {
  return new Map(
    operation.answers.flatMap(({ status, content, headers }): [string, string][] => [
      [
        status,
        Object.keys(headers)
          .sort()
          .map((name) => `header ${name}`)
          .join(', ') || 'no headers',
      ],
      ...contentFacts(`${status} `, content, model),
    ]),
  );
}

function contentFacts(prefix: string, content: Content, model: Model): [string, string][] {
  return Object.entries(content).flatMap(([type, schema]: [string, JsonMap]) =>
    [...flatten(schema, model.definitions)].map(([at, facts]): [string, string] => [
      `${prefix}${type} ${at}`.trim(),
      facts,
    ]),
  );
}

/** The report of a difference, as people read it. */
export function diffReport(diff: SpecDiff): string[] {
  const section = (title: string, changes: readonly Change[], mark: string, follow: string): string[] =>
    changes.length === 0
      ? []
      : [
          '',
          `${title}: ${changes.length}`,
          ...changes.flatMap(({ operation, lines }) => [
            `${mark} ${operation.id}  ${operation.method} ${operation.path}`,
            ...lines.map((line) => `    ${line}`),
            `    ${follow}: rest/${operation.api}/${operation.stem}.ts (${operation.operationId})`,
          ]),
        ];
  return [
    `${diff.added.length} operations added, ${diff.removed.length} removed, ${diff.changed.length} changed`,
    ...section('Added', diff.added, '+', 'delegate to write'),
    ...section('Removed', diff.removed, '-', 'delegate to remove'),
    ...section('Changed', diff.changed, '~', 'delegate to follow'),
  ];
}
