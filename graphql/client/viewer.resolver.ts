import { Arg, Authorized, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Role } from '../runtime/auth-checker';
import { requireRequester, type GraphqlContext } from '../runtime/context';
import { globalId } from '../runtime/global-id';
import { MatrixUserId } from '../runtime/scalars';
import { User, Viewer } from './user.type';

/** A user by id; the profile is read when it is asked for. */
export const toUser = (userId: string): User => Object.assign(new User(), { id: globalId('User', userId), userId });

@Resolver(() => User)
export class UserResolver {
  @Authorized<Role>('GUEST')
  @Query(() => Viewer, { description: 'Who is asking.' })
  viewer(@Ctx() context: GraphqlContext): Viewer {
    const requester = requireRequester(context);
    return { user: toUser(requester.userId), deviceId: requester.deviceId, isAdmin: requester.isAdmin };
  }

  @Authorized()
  @Query(() => User, { nullable: true, description: 'A user by id; null when there is no such profile.' })
  async user(@Ctx() context: GraphqlContext, @Arg('userId', () => MatrixUserId) userId: string): Promise<User | null> {
    const profile = await context.loaders.profiles.load(userId);
    return profile === null ? null : toUser(userId);
  }

  @FieldResolver(() => String, { nullable: true })
  async displayName(@Ctx() context: GraphqlContext, @Root() user: User): Promise<string | null> {
    const name = (await context.loaders.profiles.load(user.userId))?.displayname;
    return typeof name === 'string' ? name : null;
  }

  @FieldResolver(() => String, { nullable: true })
  async avatarUrl(@Ctx() context: GraphqlContext, @Root() user: User): Promise<string | null> {
    const url = (await context.loaders.profiles.load(user.userId))?.avatar_url;
    return typeof url === 'string' ? url : null;
  }
}
