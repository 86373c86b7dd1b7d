import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { isScalar, parseDocument, visit } from 'yaml';
import { CodegenError, isMap, type Json, type JsonMap } from '../model/json';
import { correctSchemas } from './corrections';

/** A node of a YAML or JSON file, with the file it stands in: references are relative to that. */
export interface Located {
  readonly file: string;
  readonly node: Json;
}

/** Parses YAML 1.2 (or JSON). Keys that look like numbers (`200:`, `1.10:`) keep their spelling. */
export function parseYaml(text: string, file: string): Json {
  let document = parseDocument(text, { version: '1.2' });
  if (document.errors.length > 0) document = parseDocument(indentClosings(text), { version: '1.2' });
  const fault = document.errors[0];
  if (fault) throw new CodegenError(`${file}: ${fault.message}`);
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && typeof pair.key.value === 'number') pair.key.value = pair.key.source ?? pair.key.value;
    },
  });
  return document.toJS({ maxAliasCount: 1000 }) as Json;
}

/**
 * Closing brackets that stand too far left are against YAML 1.2, but releases up to v1.18 have them in examples and
 * other parsers let them pass. Further right they are always fine.
 */
function indentClosings(text: string): string {
  return text.replace(/^ *(?=[}\]]+,?\s*$)/gm, ' '.repeat(80));
}

/** Reads the files of one tree, each once, and follows references between them. */
export class Tree {
  private readonly cache = new Map<string, Json>();
  constructor(readonly root: string) {}

  /** The parsed file; `file` is relative to the root. */
  load(file: string): Json {
    const known = this.cache.get(file);
    if (known !== undefined) return known;
    const parsed = correctSchemas(file, parseYaml(this.text(file), file));
    this.cache.set(file, parsed);
    return parsed;
  }

  has(file: string): boolean {
    return statSync(join(this.root, file), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  text(file: string): string {
    try {
      return readFileSync(join(this.root, file), 'utf8');
    } catch {
      throw new CodegenError(`${file} cannot be read under ${this.root}`);
    }
  }

  /** The YAML documents directly in `folder`, sorted; empty when there is no such folder. */
  documents(folder: string): string[] {
    const path = join(this.root, folder);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
    return readdirSync(path)
      .filter((name) => name.endsWith('.yaml') && statSync(join(path, name)).isFile())
      .sort()
      .map((name) => `${folder}/${name}`);
  }

  /** Where `ref`, written in `file`, leads: the file, and the node its pointer names. */
  target(file: string, ref: string): Located {
    const [name = '', pointer = ''] = ref.split('#', 2);
    const there = name === '' ? file : normalize(join(dirname(file), name));
    let node: Json | undefined = this.load(there);
    for (const part of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      node = isMap(node) ? node[key] : Array.isArray(node) ? node[Number(key)] : undefined;
    }
    if (node === undefined) throw new CodegenError(`${file}: the reference ${ref} leads nowhere`);
    return { file: there, node };
  }

  /** Follows references until something else is found. */
  follow(file: string, node: Json): { file: string; node: JsonMap } {
    let here: Located = { file, node };
    for (let hops = 0; hops < 50; hops++) {
      if (!isMap(here.node)) throw new CodegenError(`${here.file}: an object is expected, not ${JSON.stringify(node)}`);
      if (typeof here.node.$ref !== 'string') return { file: here.file, node: here.node };
      here = this.target(here.file, here.node.$ref);
    }
    throw new CodegenError(`${file}: a circle of references`);
  }
}
