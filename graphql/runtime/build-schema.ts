import 'reflect-metadata';
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray, type PubSub } from 'type-graphql';
import { checkAuth } from './auth-checker';

/** Subscriptions read the domain's streams themselves; type-graphql insists on one of these all the same. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error('subscriptions are fed by streams, not by publishing');
  },
  subscribe: () => {
    throw new Error('a subscription must bring its own subscribe function');
  },
};

type ResolverClass = new () => object;

/**
 * Builds a schema from resolvers; only types that these resolvers reach are in it. Members of interfaces are reached by
 * naming them in `members`.
 */
export function buildSchema(resolvers: NonEmptyArray<ResolverClass>, members: ResolverClass[] = []): GraphQLSchema {
  return buildSchemaSync({
    resolvers,
    orphanedTypes: members,
    authChecker: checkAuth,
    validate: false,
    pubSub: noPubSub,
  });
}

/** The schema as it stands in git: sorted, so that a difference is a change of the contract. */
export const printedSchema = (schema: GraphQLSchema): string =>
  `# Printed by \`npm run graphql:print\`. Do not edit.\n${printSchema(lexicographicSortSchema(schema))}\n`;
