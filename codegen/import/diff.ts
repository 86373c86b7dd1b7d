import { flatten, type Detail } from '../model/flatten';
import type { JsonMap } from '../model/json';
import type { Content, Model, Operation } from '../model/operation';

/** How one operation differs between two models. */
export interface Change {
  readonly operation: Operation;
  /** What changed, a line each; empty for operations that were added or removed whole. */
  readonly lines: readonly string[];
  /** Whether types change, so that the delegate may no longer compile; formats, patterns and refusals change none. */
  readonly typed: boolean;
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
    if (!earlier) return [];
    const lines = operationLines(earlier, before, operation, after, 'all');
    const typed = operationLines(earlier, before, operation, after, 'types').length > 0;
    return lines.length > 0 ? [{ operation, lines, typed }] : [];
  });
  const only = (some: Map<string, Operation>, others: Map<string, Operation>): Change[] =>
    [...some.values()].filter(({ id }) => !others.has(id)).map((operation) => ({ operation, lines: [], typed: true }));
  return { added: only(now, old), removed: only(old, now), changed };
}

function byId(model: Model): Map<string, Operation> {
  return new Map(model.operations.filter(({ extension }) => !extension).map((operation) => [operation.id, operation]));
}

function operationLines(one: Operation, before: Model, two: Operation, after: Model, detail: Detail): string[] {
  const keys = [
    'auth',
    'stem',
    ...(detail === 'all' ? (['method', 'path', 'deprecated', 'rateLimited'] as const) : []),
  ] as const;
  return [
    ...keys.filter((key) => one[key] !== two[key]).map((key) => `${key}: ${String(one[key])} -> ${String(two[key])}`),
    ...compare('parameter', parameterFacts(one, before, detail), parameterFacts(two, after, detail)),
    ...compare('body', bodyFacts(one, before, detail), bodyFacts(two, after, detail)),
    ...compare('answer', answerFacts(one, before, detail), answerFacts(two, after, detail)),
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

function parameterFacts(operation: Operation, model: Model, detail: Detail): Map<string, string> {
  return new Map(
    operation.parameters.flatMap(({ in: where, name, required, schema }) =>
      [...flatten(schema, model.definitions, detail)].map(([at, facts]): [string, string] => [
        `${where} ${name}${at}`,
        at === '' ? `${facts}, ${required ? 'required' : 'optional'}` : facts,
      ]),
    ),
  );
}

function bodyFacts(operation: Operation, model: Model, detail: Detail): Map<string, string> {
  if (!operation.body) return new Map();
  return new Map([
    ['(whole)', operation.body.required ? 'required' : 'optional'],
    ...contentFacts('', operation.body.content, model, detail),
  ]);
}

function answerFacts(operation: Operation, model: Model, detail: Detail): Map<string, string> {
  const answers = operation.answers.filter(({ status }) => detail === 'all' || /^[23]/.test(status));
  return new Map(
    answers.flatMap(({ status, content, headers }): [string, string][] => {
      const names = detail === 'all' ? Object.keys(headers).sort() : [];
      return [
        [status, names.map((name) => `header ${name}`).join(', ') || 'no headers'],
        ...contentFacts(`${status} `, content, model, detail),
      ];
    }),
  );
}

function contentFacts(prefix: string, content: Content, model: Model, detail: Detail): [string, string][] {
  return Object.entries(content).flatMap(([type, schema]: [string, JsonMap]) =>
    [...flatten(schema, model.definitions, detail)].map(([at, facts]): [string, string] => [
      `${prefix}${type} ${at}`.trim(),
      facts,
    ]),
  );
}

/** The report of a difference, as people read it. */
export function diffReport({ added, removed, changed }: SpecDiff): string[] {
  return [
    `${added.length} operations added, ${removed.length} removed, ${changed.length} changed`,
    ...section('Added', added, '+', 'delegate to write'),
    ...section('Removed', removed, '-', 'delegate to remove'),
    ...section(
      'Changed',
      changed.filter(({ typed }) => typed),
      '~',
      'delegate to follow',
    ),
    ...section(
      'Changed, but in no type',
      changed.filter(({ typed }) => !typed),
      '~',
      'delegate that may stay',
    ),
  ];
}

function section(title: string, changes: readonly Change[], mark: string, advice: string): string[] {
  if (changes.length === 0) return [];
  const told = changes.flatMap(({ operation: { id, api, stem, operationId, method, path }, lines }) => [
    `${mark} ${id}  ${method} ${path}`,
    ...lines.map((line) => `    ${line}`),
    `    ${advice}: rest/${api}/${stem}.ts (${operationId})`,
  ]);
  return ['', `${title}: ${changes.length}`, ...told];
}
