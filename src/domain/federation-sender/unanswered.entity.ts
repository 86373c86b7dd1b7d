import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** The transaction that a server has not answered: it is sent again as it was, and nothing else until then. */
export const federationUnansweredEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationUnanswered',
    tableName: 'federation_unanswered',
    columns: {
      destination: { ...t.identifier(), primary: true },
      txn_id: { ...t.identifier() },
      /** JSON: the numbers of its events, its EDUs, and what they bring the server. */
      contents: { ...t.text() },
    },
  });
