import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { InvalidParamError } from '#kernel/errors';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;

@ObjectType({ description: 'Where a page of a connection stands.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'True when there is more after this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True when there is more before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge.' })
  endCursor!: string | null;
}

@ArgsType()
export class ForwardPage {
  @Field(() => Int, { nullable: true, description: `How many, 1 to ${MAX_PAGE}; ${DEFAULT_PAGE} when absent.` })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes after this cursor.' })
  after?: string | null;
}

/** The page size asked for. @throws InvalidParamError outside 1 to 100 */
export function pageSize(asked: number | null | undefined, name = 'first'): number {
  const size = asked ?? DEFAULT_PAGE;
  if (size < 1 || size > MAX_PAGE) throw new InvalidParamError(`${name}: must be from 1 to ${MAX_PAGE}`);
  return size;
}

export interface Edge<T> {
  cursor: string;
  node: T;
}

export interface Connection<T> {
  edges: Edge<T>[];
  pageInfo: PageInfo;
}

/** Declares the two Relay types of a list: `<Name>Edge` and `<Name>Connection`. */
export function connectionType<T extends object>(name: string, node: () => ClassType<T> | object) {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a list, with its cursor.` })
  class EdgeClass {
    @Field(() => String, { description: 'Names this place in the list.' })
    cursor!: string;

    @Field(node as () => ClassType<T>, { description: 'The object itself.' })
    node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name} objects.` })
  class ConnectionClass {
    @Field(() => [EdgeClass], { description: 'The objects of this page with their cursors.' })
    edges!: EdgeClass[];

    @Field(() => PageInfo, { description: 'Where this page stands in the list.' })
    pageInfo!: PageInfo;
  }

  return ConnectionClass;
}

/**
 * A forward page from one row more than asked for, which tells whether there is a next page.
 * @param rows at most `size + 1` rows in list order
 */
export function forwardPage<R, T>(
  rows: readonly R[],
  size: number,
  after: string | null | undefined,
  edge: (row: R) => Edge<T>,
): Connection<T> {
  const edges = rows.slice(0, size).map(edge);
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges[edges.length - 1]?.cursor ?? null,
    },
  };
}
