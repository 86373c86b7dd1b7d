import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Events to be told to other servers, not yet shared out among them. Written with the event; one row whatever the room's size. */
export const federationOutboxEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationOutbox',
    tableName: 'federation_outbox',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      room_nid: { ...t.bigint() },
      ordinal: { ...t.bigint() },
      /** For member events the target's server, which may be in the room no more, or not yet. */
      also_server: { ...t.identifier(), nullable: true },
    },
  });

/** What a server has yet to be told of a room: the events that this server sends out, in a range of the room's order. */
export const federationQueueEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationQueue',
    tableName: 'federation_queue',
    columns: {
      destination: { ...t.identifier(), primary: true },
      room_nid: { ...t.bigint(), primary: true },
      /** Exclusive. */
      from_ordinal: { ...t.bigint() },
      to_ordinal: { ...t.bigint() },
    },
    withoutRowid: true,
  });

/** Events of other servers' users that this server passes on, having let them in (joins, leaves, knocks), for a while. */
export const federationRelayEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationRelay',
    tableName: 'federation_relays',
    columns: {
      event_nid: { ...t.bigint(), primary: true },
      relayed_ts: { ...t.bigint() },
    },
    indices: [{ name: 'federation_relays_time', columns: ['relayed_ts'] }],
  });
