import { CodegenError, isMap, listAt, mapAt, textAt, type Json, type JsonMap } from '../model/json';
import {
  API_NAMES,
  METHODS,
  type Answer,
  type ApiName,
  type Auth,
  type Body,
  type Content,
  type LegacyPath,
  type Model,
  type Operation,
  type Parameter,
} from '../model/operation';
import type { Tree } from './files';
import { isJsonType } from '../model/shape';
import { Linker } from './link';
import { readPinned } from './pinned';
import { readOverlay, type Overlay, type OverlayEntry } from './overlay';

const USER_SCHEMES: Readonly<Record<string, Auth>> = {
  accessTokenBearer: 'accessToken',
  appserviceAccessTokenBearer: 'appserviceToken',
  // Releases up to v1.19 name the token in the query as a scheme of its own, older ones both places as one.
  accessTokenQuery: 'accessToken',
  accessToken: 'accessToken',
  appserviceAccessTokenQuery: 'appserviceToken',
  homeserverAccessToken: 'homeserverToken',
  signedRequest: 'signedRequest',
};

export interface ReadOptions {
  /** Whether old paths are read too; a tree that is being imported has none that fit yet. */
  readonly legacy: boolean;
  /** An overlay from elsewhere, for a tree that has none. */
  readonly overlay?: Overlay;
}

/** Reads api-specs into the neutral model: documents of the five APIs, extensions, the overlay and old paths. */
export function readModel(specs: Tree, options: ReadOptions = { legacy: true }): Model {
  const reader = new Reader(
    specs,
    options.overlay ?? readOverlay(specs),
    options.legacy ? readLegacy(specs) : new Map(),
  );
  for (const api of API_NAMES) for (const file of specs.documents(api)) reader.document(file, api, false);
  for (const file of specs.documents('extensions')) {
    const api = textAt(specs.load(file), 'x-api') ?? '';
    if (!API_NAMES.includes(api as ApiName)) throw new CodegenError(`api-specs/${file}: x-api names no API`);
    reader.document(file, api as ApiName, true);
  }
  return reader.finish(readPinned(specs).version);
}

/** Old paths by the id of the operation they reach. */
function readLegacy(specs: Tree): Map<string, LegacyPath[]> {
  const found = new Map<string, LegacyPath[]>();
  for (const file of specs.documents('legacy')) {
    for (const row of listAt(specs.load(file), 'aliases')) {
      if (!isMap(row)) continue;
      const { operation, ...rest } = row as unknown as LegacyPath & { operation: string };
      const alias: LegacyPath = { ...rest, optional: rest.optional === true };
      found.set(operation, [...(found.get(operation) ?? []), alias]);
    }
  }
  return found;
}

/** The prefix of all paths of a document: the default of its first server's `basePath`. */
export function basePath(document: JsonMap): string {
  const server = listAt(document, 'servers')[0];
  return (textAt(mapAt(mapAt(server, 'variables'), 'basePath'), 'default') ?? '').replace(/\/$/, '');
}

class Reader {
  private readonly operations: Operation[] = [];
  private readonly schemes: Record<string, JsonMap> = {};
  private readonly linker: Linker;
  constructor(
    private readonly specs: Tree,
    private readonly overlay: Overlay,
    private readonly legacy: ReadonlyMap<string, LegacyPath[]>,
  ) {
    this.linker = new Linker(specs);
  }

  document(file: string, api: ApiName, extension: boolean): void {
    const { node } = this.specs.follow(file, this.specs.load(file));
    for (const [name, scheme] of Object.entries(mapAt(mapAt(node, 'components'), 'securitySchemes'))) {
      const { description: _words, ...facts } = this.specs.follow(file, scheme ?? null).node;
      this.schemes[`${api}.${name}`] = facts;
    }
    for (const [path, raw] of Object.entries(mapAt(node, 'paths'))) {
      const item = this.specs.follow(file, raw ?? null);
      for (const method of METHODS) {
        const operation = item.node[method];
        if (!isMap(operation)) continue;
        const shared = listAt(item.node, 'parameters');
        this.operations.push(
          this.operation(item.file, api, method, basePath(node) + path, operation, shared, extension),
        );
      }
    }
  }

  finish(version: string): Model {
    const seen = new Set<string>();
    for (const { id } of this.operations) {
      if (seen.has(id)) throw new CodegenError(`${id} is the name of two operations`);
      seen.add(id);
    }
    const stale = [
      ...[...this.overlay.keys()].map((id) => ({ id, where: 'overlay' })),
      ...[...this.legacy.keys()].map((id) => ({ id, where: 'legacy' })),
    ].filter(({ id }) => !seen.has(id));
    return {
      operations: this.operations,
      definitions: this.linker.definitions,
      securitySchemes: this.schemes,
      version,
      stale: stale.map(
        ({ id, where }) => `api-specs/${where}/${id.split('/')[0]}.yaml: ${id} is no operation; remove it`,
      ),
    };
  }

  private operation(
    file: string,
    api: ApiName,
    method: string,
    path: string,
    node: JsonMap,
    shared: Json[],
    extension: boolean,
  ): Operation {
    const operationId = textAt(node, 'operationId');
    if (!operationId) throw new CodegenError(`api-specs/${file}: ${method} ${path} has no operationId`);
    const id = `${api}/${operationId}`;
    const entry = this.overlay.get(id) ?? {};
    const answers = this.answers(file, mapAt(node, 'responses'));
    const added = textAt(node, 'x-addedInMatrixVersion');
    return {
      id,
      api,
      operationId,
      path,
      extension,
      stem: file.slice(file.lastIndexOf('/') + 1, -'.yaml'.length),
      method: method.toUpperCase(),
      summary: textAt(node, 'summary') ?? '',
      ...authentication(id, api, listAt(node, 'security')),
      guests: entry.guests === true,
      rateLimited: answers.some(({ status }) => status === '429'),
      deprecated: node.deprecated === true,
      ...(added === undefined ? {} : { added }),
      parameters: this.parameters(file, [...shared, ...listAt(node, 'parameters')]),
      ...this.body(file, node.requestBody, entry),
      answers,
      ...(entry.when === undefined ? {} : { when: entry.when }),
      aliases: this.legacy.get(id) ?? [],
    };
  }

  private parameters(file: string, list: Json[]): Parameter[] {
    const found = new Map<string, Parameter>();
    for (const raw of list) {
      const there = this.specs.follow(file, raw);
      const where = textAt(there.node, 'in');
      const name = textAt(there.node, 'name');
      if ((where !== 'path' && where !== 'query' && where !== 'header') || name === undefined) {
        throw new CodegenError(`api-specs/${there.file}: a parameter has no name or stands in ${where}`);
      }
      const schema = this.linker.link(there.file, there.node.schema ?? {});
      found.set(`${where} ${name}`, { in: where, name, required: there.node.required === true, schema });
    }
    return [...found.values()];
  }

  private body(file: string, raw: Json | undefined, entry: OverlayEntry): { body?: Body } {
    if (raw === undefined) return {};
    const there = this.specs.follow(file, raw);
    const required = entry.body === undefined ? there.node.required === true : entry.body === 'required';
    return { body: { required, content: this.content(there.file, mapAt(there.node, 'content')) } };
  }

  private answers(file: string, responses: JsonMap): Answer[] {
    return Object.entries(responses).map(([status, raw]) => {
      const there = this.specs.follow(file, raw ?? null);
      const headers = Object.entries(mapAt(there.node, 'headers')).map(([name, header]): [string, JsonMap] => {
        const at = this.specs.follow(there.file, header ?? null);
        return [name, this.linker.link(at.file, at.node.schema ?? {})];
      });
      return {
        status,
        content: this.content(there.file, mapAt(there.node, 'content')),
        headers: Object.fromEntries(headers),
      };
    });
  }

  private content(file: string, content: JsonMap): Content {
    const entries = Object.entries(content).map(([type, media]): [string, JsonMap] => {
      const schema = isMap(media) ? media.schema : undefined;
      return [type, isJsonType(type) && schema !== undefined ? this.linker.link(file, schema) : {}];
    });
    return Object.fromEntries(entries);
  }
}

function authentication(id: string, api: ApiName, security: Json[]): { auth: Auth; security: string[] } {
  const names = security.flatMap((choice) => (isMap(choice) ? Object.keys(choice) : []));
  const [name] = names;
  if (name === undefined) return { auth: 'none', security: [] };
  const optional = security.some((choice) => isMap(choice) && Object.keys(choice).length === 0);
  const scheme = USER_SCHEMES[name];
  const auth = api === 'identity' && scheme === 'accessToken' ? 'identityToken' : scheme;
  if (auth === undefined || (optional && auth !== 'accessToken'))
    throw new CodegenError(`${id}: cannot read its security`);
  return { auth: optional ? 'optionalAccessToken' : auth, security: names };
}
