import type { ComplexityEstimatorArgs } from 'graphql-query-complexity';

const DEFAULT_PAGE = 50;

/** A connection costs its page size times what one node costs; other fields are left to the next estimator. */
export function connectionEstimator({ args, childComplexity, field }: ComplexityEstimatorArgs): number | void {
  if (!field.args.some((arg) => arg.name === 'first' || arg.name === 'last')) return undefined;
  const asked: unknown = args['first'] ?? args['last'];
  const size = typeof asked === 'number' ? asked : DEFAULT_PAGE;
  return 1 + Math.max(0, size) * Math.max(1, childComplexity);
}
