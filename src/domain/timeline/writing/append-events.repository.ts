import type { Tx } from '#platform/storage/storage';
import type { WrittenEvent } from './append.model';
import { DagWriter } from '../store/dag.repository';
import { eventRow } from '../store/event.repository';
import { GapWriter } from '../store/gap.repository';
import type { Incoming } from '../heads/prepared-event.model';
import { NO_PLACE } from '../timeline.model';

/** Writes the rows of a transaction's events, and how they are linked to others. */
export class AppendEvents {
  private readonly dag: DagWriter;
  private readonly gaps: GapWriter;

  constructor(private readonly tx: Tx) {
    this.dag = new DagWriter(tx);
    this.gaps = new GapWriter(tx);
  }

  async insert(written: readonly WrittenEvent[]): Promise<void> {
    const known = written.filter(({ incoming }) => incoming?.outlierNid !== undefined);
    await this.replace(known);
    const fresh = known.length === 0 ? written : written.filter((one) => !known.includes(one));
    await this.tx.insert(
      'events',
      written.map(({ event, incoming }) =>
        eventRow(event, { rejected: incoming?.kind === 'rejected', softFailed: incoming?.kind === 'soft_failed' }),
      ),
    );
    await this.tx.insert(
      'event_json',
      fresh.map(({ event, prepared }) => ({ event_nid: event.nid, json: prepared.json })),
    );
    await this.link(written, fresh);
    for (const one of written) if (one.incoming !== undefined) await this.insertBeside(one, one.incoming);
  }

  /** Puts events that redactions among them take out of force. */
  async redact(written: readonly WrittenEvent[]): Promise<void> {
    for (const { event, redactedNid } of written) {
      if (redactedNid === undefined) continue;
      const sql = 'UPDATE events SET redacted_by_nid = ? WHERE nid = ? AND redacted_by_nid IS NULL';
      await this.tx.run(sql, [event.nid, redactedNid]);
    }
  }

  /** Makes room for events that were outliers: they keep their numbers and their authority. */
  private async replace(outliers: readonly WrittenEvent[]): Promise<void> {
    for (const { event, prepared } of outliers) {
      await this.tx.run('DELETE FROM events WHERE nid = ?', [event.nid]);
      // The copy that came as state may have been spoilt.
      await this.tx.run('UPDATE event_json SET json = ? WHERE event_nid = ?', [prepared.json, event.nid]);
    }
  }

  /** What the events follow, and what authorises those that were not known before. */
  private async link(written: readonly WrittenEvent[], fresh: readonly WrittenEvent[]): Promise<void> {
    const edges = written.flatMap(({ event, prepared }) =>
      prepared.previous.map((previous) => ({ event_nid: event.nid, prev_nid: previous.stored!.nid })),
    );
    if (edges.length > 0) await this.tx.insert('event_edges', edges);
    const authority = fresh.flatMap(({ event, prepared }) =>
      prepared.auth.map((auth) => ({ event_nid: event.nid, auth_nid: auth.stored!.nid })),
    );
    await this.dag.addAuthEdges(authority);
  }

  /** What only events from elsewhere have: gaps before them, gaps that they close, redactions ahead of their targets. */
  private async insertBeside({ event }: WrittenEvent, { gaps, beside, redactsLater }: Incoming): Promise<void> {
    const { roomNid, nid: eventNid } = event;
    // Nobody reads up to what is not shown: history goes on below what is shown above it.
    const above = event.ordinal === NO_PLACE ? (beside?.nid ?? eventNid) : eventNid;
    await this.gaps.open(
      roomNid,
      gaps.map((missingId) => ({ eventNid: above, missingId })),
    );
    await this.gaps.close(roomNid, event.eventId, eventNid);
    if (redactsLater !== undefined) await this.dag.addEarlyRedaction(redactsLater, eventNid);
  }
}
