import { isMap, type Json, type JsonMap } from '../model/json';
import { definitionName } from '../model/names';
import type { Tree } from './files';

/** Keys that may stand beside a reference and change nothing of what is valid. */
const NOTES = new Set(['$ref', 'deprecated', 'default']);

/**
 * Links schemas: each reference becomes `#/components/schemas/<group>.<Name>`, and what it leads to is kept under that
 * name. Circles are fine. Siblings of a reference that say something stay beside it under `allOf`.
 */
export class Linker {
  readonly definitions = new Map<string, JsonMap>();
  constructor(private readonly specs: Tree) {}

  link(file: string, node: Json): JsonMap {
    const linked = this.walk(file, node);
    return isMap(linked) ? linked : {};
  }

  private walk(file: string, node: Json): Json {
    if (Array.isArray(node)) return node.map((item) => this.walk(file, item));
    if (!isMap(node)) return node;
    if (typeof node.$ref === 'string') return this.reference(file, node, node.$ref);
    const linked: JsonMap = {};
    for (const [key, value] of Object.entries(node)) {
      if (value === undefined) continue;
      if (key === 'properties' || key === 'patternProperties') linked[key] = this.named(file, value);
      else linked[key] = key === 'enum' || key === 'const' || key === 'default' ? value : this.walk(file, value);
    }
    return linked;
  }

  private named(file: string, value: Json): JsonMap {
    const entries = Object.entries(isMap(value) ? value : {});
    return Object.fromEntries(entries.map(([name, schema]) => [name, this.walk(file, schema ?? {})]));
  }

  private reference(file: string, node: JsonMap, ref: string): JsonMap {
    const target = this.specs.target(file, ref);
    const name = definitionName(target.file, ref.split('#', 2)[1] ?? '');
    if (!this.definitions.has(name)) {
      this.definitions.set(name, {});
      this.definitions.set(name, this.link(target.file, target.node));
    }
    const link = { $ref: `#/components/schemas/${name}` };
    const siblings = Object.fromEntries(
      Object.entries(node).filter(([key]) => !NOTES.has(key) && !key.startsWith('x-')),
    );
    return Object.keys(siblings).length === 0 ? link : { allOf: [link, this.link(file, siblings)] };
  }
}
