import type { GraphQLSchema } from 'graphql';
import { buildSchema } from '../runtime/build-schema';
import { AccountConnectionResolver, UsersResolver } from './users.resolver';

/** The admin schema, served at `/_trellis/admin/graphql`. */
export const adminSchema = (): GraphQLSchema => buildSchema([UsersResolver, AccountConnectionResolver]);
