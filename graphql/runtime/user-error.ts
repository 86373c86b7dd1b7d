import { Field, ObjectType } from 'type-graphql';
import { MatrixError } from '#kernel/errors';

@ObjectType({ description: 'An expected refusal of a mutation.' })
export class UserError {
  @Field(() => String, { description: 'What is wrong, for people.' })
  message!: string;

  @Field(() => String, { description: 'The Matrix errcode, as `M_FORBIDDEN`.' })
  code!: string;

  @Field(() => [String], { nullable: true, description: 'The input field it is about.' })
  path!: string[] | null;
}

/** Refusals that belong in the top-level errors: the caller must do something else than correct the input. */
const topLevel = new Set(['M_MISSING_TOKEN', 'M_UNKNOWN_TOKEN', 'M_LIMIT_EXCEEDED', 'M_UNKNOWN', 'M_USER_LOCKED']);

/**
 * Runs a mutation and gives expected refusals as `UserError`s of its payload.
 * @throws what is no refusal of the input: missing or bad tokens, limits, faults
 */
export async function refusable<T>(refused: (errors: UserError[]) => T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MatrixError) || topLevel.has(error.errcode)) throw error;
    const field = /^([A-Za-z_][\w.]*): /.exec(error.message)?.[1];
    return refused([
      { message: error.message, code: error.errcode, path: field === undefined ? null : field.split('.') },
    ]);
  }
}
