import { adminSchema } from './admin/schema';
import { clientSchema } from './client/schema';
import { GraphqlDoor, type GraphqlDoorOptions } from './runtime/door';

/** Opens the GraphQL door with the client and the admin schema. */
export const openGraphqlDoor = (options: GraphqlDoorOptions): Promise<GraphqlDoor> =>
  GraphqlDoor.open(options, [
    { path: '/_trellis/graphql', schema: clientSchema(), costFactor: 1 },
    { path: '/_trellis/admin/graphql', schema: adminSchema(), costFactor: 10 },
  ]);

export type { GraphqlDoor, GraphqlDoorOptions };
export type { Throttle } from './runtime/context';
