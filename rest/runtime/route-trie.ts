/** Longest path that is looked at, in segments; the longest template of the specification has eleven. */
const MAX_SEGMENTS = 20;

/** A place in the trie: one level for each segment of a path. */
interface TrieNode<Route> {
  readonly literals: Map<string, TrieNode<Route>>;
  parameter: TrieNode<Route> | undefined;
  readonly methods: Map<string, Leaf<Route>>;
}

interface Leaf<Route> {
  readonly route: Route;
  readonly names: readonly string[];
  /** Parameters that this template spells out or lacks. */
  readonly fixed: Readonly<Record<string, string>>;
}

export type Outcome<Route> =
  | { readonly kind: 'found'; readonly route: Route; readonly path: Readonly<Record<string, string>> }
  | { readonly kind: 'wrongMethod'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

/**
 * Finds the route of a path among many templates. The raw path is matched, so an encoded slash never parts a segment;
 * parameters come out as raw text for the caller to decode, once. A literal segment wins over a parameter, one closing
 * slash is ignored, doubled slashes are not collapsed, and no segment that stands for a parameter may be empty.
 */
export class RouteTrie<Route> {
  private readonly root = emptyNode<Route>();

  /** The route that `method` already has on exactly this template, if any. */
  get(method: string, template: string): Route | undefined {
    return this.nodeOf(template).methods.get(method)?.route;
  }

  /**
   * Adds a template such as `/rooms/{roomId}/state/{eventType}`; an earlier route of the same shape stays.
   * @param fixed values of the operation's parameters that this template spells out or lacks
   */
  add(method: string, template: string, route: Route, fixed: Readonly<Record<string, string>> = {}): void {
    const node = this.nodeOf(template);
    if (node.methods.has(method)) return;
    const names = segmentsOf(template)
      .filter(isParameter)
      .map((segment) => segment.slice(1, -1));
    node.methods.set(method, { route, names, fixed });
  }

  match(method: string, path: string): Outcome<Route> {
    const segments = segmentsOf(path);
    if (segments.length > MAX_SEGMENTS) return { kind: 'unknown' };
    const search: Search = { method, segments, values: [], allow: new Set() };
    const leaf = find(this.root, 0, search);
    if (leaf) return { kind: 'found', route: leaf.route, path: named(leaf, search.values) };
    return search.allow.size > 0 ? { kind: 'wrongMethod', allow: [...search.allow] } : { kind: 'unknown' };
  }

  private nodeOf(template: string): TrieNode<Route> {
    let node = this.root;
    for (const segment of segmentsOf(template)) {
      if (isParameter(segment)) node = node.parameter ??= emptyNode();
      else {
        const next = node.literals.get(segment) ?? emptyNode<Route>();
        node.literals.set(segment, next);
        node = next;
      }
    }
    return node;
  }
}

interface Search {
  readonly method: string;
  readonly segments: readonly string[];
  readonly values: string[];
  readonly allow: Set<string>;
}

function emptyNode<Route>(): TrieNode<Route> {
  return { literals: new Map(), parameter: undefined, methods: new Map() };
}

function segmentsOf(path: string): string[] {
  const end = path.length > 1 && path.endsWith('/') ? path.length - 1 : path.length;
  return path.slice(1, end).split('/');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}

/** Visits each node at most once, so a search costs no more than the templates of that length. */
function find<Route>(node: TrieNode<Route>, depth: number, search: Search): Leaf<Route> | undefined {
  const segment = search.segments[depth];
  if (segment === undefined) return leafOf(node, search);
  const literal = node.literals.get(segment);
  const found = literal && find(literal, depth + 1, search);
  if (found || node.parameter === undefined || segment === '') return found;
  search.values.push(segment);
  const below = find(node.parameter, depth + 1, search);
  if (!below) search.values.pop();
  return below;
}

function leafOf<Route>(node: TrieNode<Route>, search: Search): Leaf<Route> | undefined {
  const leaf = node.methods.get(search.method);
  if (!leaf) for (const method of node.methods.keys()) search.allow.add(method);
  return leaf;
}

function named<Route>(leaf: Leaf<Route>, values: readonly string[]): Record<string, string> {
  const path: Record<string, string> = { ...leaf.fixed };
  for (let at = 0; at < leaf.names.length; at++) path[leaf.names[at] as string] = values[at] as string;
  return path;
}
