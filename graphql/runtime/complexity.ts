import type { ComplexityEstimatorArgs } from 'graphql-query-complexity';

const DEFAULT_PAGE = 50;

/** A connection costs its page size times what one node costs; other fields are left to the next estimator. */
export function connectionEstimator({ args, childComplexity, field }: ComplexityEstimatorArgs): number | void {
  if (!field.args.some((arg) => arg.name === 'first' || arg.name === 'last')) return undefined;
  const asked: unknown = args['first'] ?? args['last'];
  const size = typeof asked === 'number' ? asked : DEFAULT_PAGE;
  // `edges` and `pageInfo` count once; children are per node.
  return 1 + Math.max(0, size) * Math.max(1, childComplexity) * NODE_SHARE;
}

/** A node's fields come from rows that were read together, so each counts for little. */
const NODE_SHARE = 0.1;
