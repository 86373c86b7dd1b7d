import type { Reader, Tx } from '#platform/storage/storage';
import { inList } from '#platform/storage/storage';
import type { StateEntry } from './room-state.model';
import type { SnapshotNode, StateKeyPair } from './snapshot.model';
import { mergeChanges, spanOf } from './snapshot.model';

interface NodeRow {
  readonly nid: number;
  readonly room_nid: number;
  readonly prev_nid: number | null;
  readonly base_nid: number | null;
  readonly height: number;
}

interface DeltaRow {
  readonly snapshot_nid: number;
  readonly type: string;
  readonly state_key: string;
  readonly event_nid: number;
}

export interface DeltaEntry extends StateEntry {
  readonly snapshotNid: number;
}

const COLUMNS = 'snapshot_nid, type, state_key, event_nid';

export class SnapshotReader {
  constructor(protected readonly reader: Reader) {}

  /** The node and, along its bases, all before it, newest first: at most 15 for each power of 16 of its height. */
  async chain(nid: number): Promise<SnapshotNode[]> {
    const rows = await this.reader.all<NodeRow>(
      `WITH RECURSIVE chain (nid, room_nid, prev_nid, base_nid, height) AS (
         SELECT nid, room_nid, prev_nid, base_nid, height FROM state_snapshots WHERE nid = ?
         UNION ALL
         SELECT s.nid, s.room_nid, s.prev_nid, s.base_nid, s.height FROM chain c JOIN state_snapshots s ON s.nid = c.base_nid)
       SELECT nid, room_nid, prev_nid, base_nid, height FROM chain ORDER BY height DESC`,
      [nid],
    );
    return rows.map(toNode);
  }

  /** The nodes and all before them along their bases, those they share once. */
  async chains(nids: readonly number[]): Promise<SnapshotNode[]> {
    const list = inList(nids);
    const rows = await this.reader.all<NodeRow>(
      `WITH RECURSIVE chain (nid, room_nid, prev_nid, base_nid, height) AS (
         SELECT nid, room_nid, prev_nid, base_nid, height FROM state_snapshots WHERE nid IN ${list.sql}
         UNION
         SELECT s.nid, s.room_nid, s.prev_nid, s.base_nid, s.height FROM chain c JOIN state_snapshots s ON s.nid = c.base_nid)
       SELECT nid, room_nid, prev_nid, base_nid, height FROM chain`,
      list.params,
    );
    return rows.map(toNode);
  }

  async deltas(nids: readonly number[]): Promise<DeltaEntry[]> {
    const list = inList(nids);
    const sql = `SELECT ${COLUMNS} FROM state_deltas WHERE snapshot_nid IN ${list.sql}`;
    return (await this.reader.all<DeltaRow>(sql, list.params)).map(toEntry);
  }

  async deltasOfTypes(nids: readonly number[], types: readonly string[]): Promise<DeltaEntry[]> {
    const list = inList(nids);
    const wanted = inList(types);
    const sql = `SELECT ${COLUMNS} FROM state_deltas WHERE snapshot_nid IN ${list.sql} AND type IN ${wanted.sql}`;
    return (await this.reader.all<DeltaRow>(sql, [...list.params, ...wanted.params])).map(toEntry);
  }

  /** May return entries of keys that were not asked for, when types and state keys cross. */
  async deltasOfKeys(nids: readonly number[], keys: readonly StateKeyPair[]): Promise<DeltaEntry[]> {
    const list = inList(nids);
    const types = inList([...new Set(keys.map(([type]) => type))]);
    const stateKeys = inList([...new Set(keys.map(([, stateKey]) => stateKey))]);
    const sql = `SELECT ${COLUMNS} FROM state_deltas WHERE snapshot_nid IN ${list.sql} AND type IN ${types.sql} AND state_key IN ${stateKeys.sql}`;
    return (await this.reader.all<DeltaRow>(sql, [...list.params, ...types.params, ...stateKeys.params])).map(toEntry);
  }
}

/** Appends snapshots within one transaction. Rows are held back until {@link flush}, so that many share a statement. */
export class SnapshotWriter extends SnapshotReader {
  private readonly held = new Map<number, { readonly node: SnapshotNode; readonly entries: readonly StateEntry[] }>();
  private nodes: SnapshotNode[] = [];

  constructor(private readonly tx: Tx) {
    super(tx);
  }

  /**
   * Adds the state that `changes` make of `parent` (undefined: of the empty state). An entry with event 0 takes a key away.
   * The cost is one row per change, and at each 16th height the merge of the 16 deltas before it.
   */
  async append(
    roomNid: number,
    parent: SnapshotNode | undefined,
    changes: readonly StateEntry[],
  ): Promise<SnapshotNode> {
    const height = (parent?.height ?? 0) + 1;
    const span = spanOf(height);
    const { baseNid, entries } =
      span === 1
        ? { baseNid: parent?.nid ?? null, entries: changes }
        : await this.merge(parent!, height - span, changes);
    const node = { nid: this.tx.id('snapshot'), roomNid, prevNid: parent?.nid ?? null, baseNid, height };
    this.held.set(node.nid, { node, entries });
    this.nodes.push(node);
    return node;
  }

  /** Writes what was appended since the last flush. */
  async flush(): Promise<void> {
    const nodes = this.nodes;
    this.nodes = [];
    if (nodes.length === 0) return;
    await this.tx.insert(
      'state_snapshots',
      nodes.map(({ nid, roomNid, prevNid, baseNid, height }) => ({
        nid,
        room_nid: roomNid,
        prev_nid: prevNid,
        base_nid: baseNid,
        height,
      })),
    );
    await this.tx.insert(
      'state_deltas',
      nodes.flatMap((node) => this.deltaRows(node.nid)),
    );
  }

  /** The net change from the node at `floor` (0: the empty state) to `parent` and `changes`, and that node's id. */
  private async merge(parent: SnapshotNode, floor: number, changes: readonly StateEntry[]) {
    const segments = await this.segmentsAbove(parent, floor);
    const oldestFirst = [...(await this.entriesOf(segments.map((node) => node.nid))).reverse(), changes];
    const entries = [...mergeChanges(oldestFirst).values()];
    // Over the empty state, an entry that is gone again need not be mentioned.
    const net = floor === 0 ? entries.filter((entry) => entry.eventNid !== 0) : entries;
    return { baseNid: segments[segments.length - 1]!.baseNid, entries: net };
  }

  private async segmentsAbove(parent: SnapshotNode, floor: number): Promise<SnapshotNode[]> {
    const segments: SnapshotNode[] = [];
    let node: SnapshotNode | undefined = parent;
    while (node !== undefined && node.height > floor) {
      segments.push(node);
      const baseNid: number | null = node.baseNid;
      const base: SnapshotNode | undefined = baseNid === null ? undefined : this.held.get(baseNid)?.node;
      if (base === undefined && baseNid !== null) {
        const stored = await this.chain(baseNid);
        segments.push(...stored.filter((older) => older.height > floor));
      }
      node = base;
    }
    return segments;
  }

  /** The deltas of nodes, in their order, from memory or by one read. */
  private async entriesOf(nids: readonly number[]): Promise<(readonly StateEntry[])[]> {
    const missing = nids.filter((nid) => !this.held.has(nid));
    const stored = new Map<number, StateEntry[]>(missing.map((nid) => [nid, []]));
    if (missing.length > 0) for (const entry of await this.deltas(missing)) stored.get(entry.snapshotNid)!.push(entry);
    return nids.map((nid) => this.held.get(nid)?.entries ?? stored.get(nid)!);
  }

  private deltaRows(nid: number) {
    return this.held.get(nid)!.entries.map((entry) => ({
      snapshot_nid: nid,
      type: entry.type,
      state_key: entry.stateKey,
      event_nid: entry.eventNid,
    }));
  }
}

function toNode(row: NodeRow): SnapshotNode {
  return { nid: row.nid, roomNid: row.room_nid, prevNid: row.prev_nid, baseNid: row.base_nid, height: row.height };
}

function toEntry(row: DeltaRow): DeltaEntry {
  return { snapshotNid: row.snapshot_nid, type: row.type, stateKey: row.state_key, eventNid: row.event_nid };
}
