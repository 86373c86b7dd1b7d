import { isMap, type Json, type JsonMap } from './json';

/** Property paths of a schema, each with its facts in words: `rooms.{*}.name[]` is `string, required`. */
export type Facts = Map<string, string>;

/** How much of a schema counts: everything, or only what its TypeScript type shows. */
export type Detail = 'all' | 'types';

const PREFIX = '#/components/schemas/';
const DEPTH = 12;

/**
 * Lays a linked schema out flat, references followed, so that two versions of it can be compared line by line.
 * Alternatives and parts are numbered in the path, as `(anyOf 1)`.
 */
export function flatten(schema: JsonMap, definitions: ReadonlyMap<string, JsonMap>, detail: Detail = 'all'): Facts {
  const facts: Facts = new Map();
  const walk = (at: string, node: Json | undefined, required: boolean, seen: readonly string[]): void => {
    if (!isMap(node) || seen.length > DEPTH) return;
    if (typeof node.$ref === 'string') {
      const name = node.$ref.slice(PREFIX.length);
      if (!seen.includes(name)) walk(at, definitions.get(name), required, [...seen, name]);
      return;
    }
    const own = describe(node, required, detail);
    const known = facts.get(at);
    facts.set(at, known === undefined || known === own ? own : [...new Set([...known.split('; '), own])].join('; '));
    const needed = new Set(Array.isArray(node.required) ? node.required : []);
    for (const [name, value] of Object.entries(isMap(node.properties) ? node.properties : {})) {
      walk(at === '' ? name : `${at}.${name}`, value, needed.has(name), seen);
    }
    for (const [pattern, value] of Object.entries(isMap(node.patternProperties) ? node.patternProperties : {})) {
      walk(`${at}.{${pattern}}`, value, false, seen);
    }
    walk(`${at}.{*}`, node.additionalProperties, false, seen);
    walk(`${at}[]`, node.items, false, seen);
    for (const part of Array.isArray(node.allOf) ? node.allOf : []) walk(at, part, required, seen);
    for (const key of ['oneOf', 'anyOf']) {
      const choices = node[key];
      if (Array.isArray(choices))
        choices.forEach((choice, index) => walk(`${at}(${key} ${index + 1})`, choice, required, seen));
    }
  };
  walk('', schema, false, []);
  return facts;
}

/** Keywords that a type shows. */
const TYPED = ['enum', 'const'];
/** Keywords that only say which values of a type are good. */
const TOLD = [
  ...TYPED,
  'format',
  'pattern',
  'default',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
];

function describe(node: JsonMap, required: boolean, detail: Detail): string {
  const type = Array.isArray(node.type)
    ? node.type.map((one) => JSON.stringify(one).replaceAll('"', '')).join('|')
    : typeof node.type === 'string'
      ? node.type
      : 'any';
  const told = (detail === 'all' ? TOLD : TYPED)
    .filter((key) => node[key] !== undefined)
    .map((key) => `${key} ${JSON.stringify(node[key])}`);
  const closed = detail === 'all' && node.additionalProperties === false ? ['closed'] : [];
  return [type, ...told, ...closed, ...(required ? ['required'] : [])].join(', ');
}
