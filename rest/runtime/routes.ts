import type { Alias, OperationContract } from './contract';
import type { Delegates } from './door-options';
import { RESOURCES, type ListenerOptions } from './door-options';
import { RouteTrie } from './route-trie';

export type Delegate = (call: unknown) => Promise<unknown>;

/** An operation and who serves it; nobody when it is a gap. */
export interface Operation {
  readonly contract: OperationContract;
  readonly delegate: Delegate | undefined;
}

/** One method on one template. Usually one operation; two may share it and tell themselves apart by `when`. */
export interface Route {
  /** What the access log names: it has no secrets in it. */
  readonly template: string;
  /** Those with `when` first. */
  readonly operations: Operation[];
  /** The one that stands for all in authentication and limits. */
  readonly lead: OperationContract;
  /** What an old path is beside its template. */
  readonly old: Pick<Alias, 'only' | 'pair'>;
}

/** Builds the matcher of one listener: the contracts of its resources with their old paths. */
export function routesOf(
  contracts: readonly OperationContract[],
  delegates: Delegates,
  { resources }: ListenerOptions,
  legacyGroups: readonly string[],
): RouteTrie<Route> {
  const trie = new RouteTrie<Route>();
  const methods = methodsOf(delegates);
  const served = contracts.filter(({ api }) => resources.has(RESOURCES[api]));
  for (const contract of served) mount(trie, { contract, delegate: methods.get(contract.id) }, contract);
  for (const contract of served) {
    const operation = { contract, delegate: methods.get(contract.id) };
    for (const alias of contract.aliases) if (isOn(alias, legacyGroups)) mount(trie, operation, alias);
  }
  return trie;
}

function isOn({ optional, group }: Alias, groups: readonly string[]): boolean {
  return !optional || (group !== undefined && groups.includes(group));
}

type Place = Pick<Alias, 'method' | 'path' | 'fixed' | 'only' | 'pair'>;

function mount(trie: RouteTrie<Route>, operation: Operation, { method, path, fixed, only, pair }: Place): void {
  const before = trie.get(method, path);
  const { contract } = operation;
  if (before === undefined)
    trie.add(method, path, { template: path, operations: [operation], lead: contract, old: { only, pair } }, fixed);
  else if (contract.when !== undefined) before.operations.unshift(operation);
  else if (before.operations.every((other) => other.contract.when !== undefined)) before.operations.push(operation);
}

/** Every delegate method by `api/operationId`. */
function methodsOf(delegates: Delegates): Map<string, Delegate> {
  const methods = new Map<string, Delegate>();
  for (const [api, stems] of Object.entries(delegates)) {
    for (const stem of Object.values(stems) as unknown[]) {
      if (typeof stem !== 'object' || stem === null) continue;
      for (const [name, method] of Object.entries(stem) as [string, unknown][]) {
        if (typeof method === 'function') methods.set(`${api}/${name}`, method.bind(stem) as Delegate);
      }
    }
  }
  return methods;
}

/** Which operation of a route is meant: the first whose `when` holds, else the one without. */
export function operationFor(route: Route, query: object, body: object): Operation {
  const [first] = route.operations;
  if (route.operations.length === 1 && first !== undefined) return first;
  const meant = route.operations.find(({ contract: { when } }) => {
    return when === undefined || Object.hasOwn(when.in === 'body' ? body : query, when.name);
  });
  return (meant ?? first) as Operation;
}
