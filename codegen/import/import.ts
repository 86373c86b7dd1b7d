import { dirname, normalize, posix, relative } from 'node:path';
import { stringify } from 'yaml';
import { CodegenError, isMap, listAt, mapAt, textAt, type Json, type JsonMap } from '../model/json';
import { API_NAMES, METHODS, type ApiName } from '../model/operation';
import { type Tree } from '../read/files';
import type { Overlay } from '../read/overlay';
import { checksumOf } from '../read/pinned';
import { stripProse } from './strip';

const HEADER =
  '# Facts of the Matrix specification (Apache License 2.0), written by `npm run specs:import`. Do not edit.\n';

/** The result of reading a checkout: file texts by their path under api-specs, and what a person should look at. */
export interface Imported {
  readonly files: ReadonlyMap<string, string>;
  readonly checksum: string;
  readonly remarks: readonly string[];
}

/** Where a file of the checkout's data goes under api-specs. */
export function placeOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'api' && parts.length > 2) return parts.slice(1).join('/');
  if (parts[0] === 'event-schemas' && parts[1] === 'schema') return ['event-schemas', ...parts.slice(2)].join('/');
  if (parts[0] === 'schemas') return file;
  throw new CodegenError(`${file} is referred to, but it is no part of the data an importer knows`);
}

/** Reads every document of the checkout's data, and every file they refer to, into the texts of api-specs. */
export function importSpecs(data: Tree, overlay: Overlay): Imported {
  const importer = new Importer(data, overlay);
  for (const api of API_NAMES) for (const file of data.documents(`api/${api}`)) importer.take(file, api);
  return importer.finish();
}

class Importer {
  private readonly files = new Map<string, string>();
  private readonly sources = new Set<string>();
  private readonly remarks: string[] = [];
  constructor(
    private readonly data: Tree,
    private readonly overlay: Overlay,
  ) {}

  take(file: string, api: ApiName): void {
    const node = this.strip(file);
    if (isMap(node) && isMap(node.paths)) this.files.set(placeOf(file), this.print(this.document(node, file, api)));
  }

  finish(): Imported {
    return {
      files: this.files,
      checksum: checksumOf(new Map([...this.sources].map((file) => [file, this.data.text(file)]))),
      remarks: this.remarks,
    };
  }

  /** The facts of a file; files it refers to are taken along. */
  private strip(file: string): Json {
    this.sources.add(file);
    const follow: string[] = [];
    const stripped = stripProse(this.data.load(file), (ref) => {
      const [name = '', pointer] = ref.split('#', 2);
      if (name === '') return ref;
      const there = normalize(posix.join(dirname(file), name));
      follow.push(there);
      const place = relative(dirname(placeOf(file)), placeOf(there));
      return pointer === undefined ? place : `${place}#${pointer}`;
    });
    for (const there of follow) this.follow(there);
    return stripped;
  }

  private follow(file: string): void {
    if (this.sources.has(file)) return;
    const stripped = this.strip(file);
    this.files.set(placeOf(file), this.print(stripped));
  }

  private document(node: JsonMap, file: string, api: ApiName): JsonMap {
    const place = placeOf(file).replace(/\.yaml$/, '');
    const schemes = new Set<string>();
    for (const item of Object.values(mapAt(node, 'paths'))) {
      for (const method of METHODS) {
        const operation = isMap(item) ? item[method] : undefined;
        if (isMap(operation) && isMap(item)) item[method] = this.operation(operation, api, schemes);
      }
    }
    const { openapi, info, paths, servers, components, ...rest } = node;
    return {
      openapi,
      info: { title: place, version: isMap(info) ? info.version : '1.0.0' },
      servers,
      paths,
      ...rest,
      components: this.components(isMap(components) ? components : {}, api, schemes),
    };
  }

  private operation(operation: JsonMap, api: ApiName, schemes: Set<string>): JsonMap {
    const id = `${api}/${textAt(operation, 'operationId') ?? ''}`;
    const entry = this.overlay.get(id);
    if (!entry?.summary)
      this.remarks.push(`overlay: ${id} has no summary yet; write one in api-specs/overlay/${api}.yaml`);
    const security = entry?.security ?? listAt(operation, 'security');
    for (const choice of security) if (isMap(choice)) Object.keys(choice).forEach((name) => schemes.add(name));
    const { operationId, security: _replaced, ...rest } = operation;
    return {
      operationId,
      ...(entry?.summary ? { summary: entry.summary } : {}),
      ...(security.length > 0 ? { security } : {}),
      ...rest,
    };
  }

  /** The document's components, every security scheme that its operations name being declared. */
  private components(components: JsonMap, api: ApiName, schemes: Set<string>): JsonMap | undefined {
    const declared: JsonMap = {};
    for (const name of [...schemes].sort()) {
      const file = `api/${api}/definitions/security.yaml`;
      if (!(name in mapAt({ all: this.data.load(file) }, 'all'))) {
        throw new CodegenError(
          `api/${api} names the security scheme ${name}, which ${file} lacks; settle it in the overlay`,
        );
      }
      this.follow(file);
      declared[name] = { $ref: `definitions/security.yaml#/${name}` };
    }
    const { securitySchemes: _replaced, ...rest } = components;
    if (Object.keys(declared).length > 0) return { securitySchemes: declared, ...rest };
    return Object.keys(rest).length > 0 ? rest : undefined;
  }

  private print(node: Json): string {
    return HEADER + stringify(node, { lineWidth: 0, aliasDuplicateObjects: false, version: '1.2' });
  }
}
