import { Arg, Args, Authorized, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Role } from '../runtime/auth-checker';
import { requireRequester, type GraphqlContext } from '../runtime/context';
import { forwardPage, pageSize } from '../runtime/pagination';
import { MatrixUserId } from '../runtime/scalars';
import { refusable, type UserError } from '../runtime/user-error';
import { toAccount, toDevice } from './user.mapper';
import {
  Account,
  AccountConnection,
  AccountDevice,
  UserDeactivateInput,
  UserDeactivatePayload,
  UsersArgs,
} from './user.type';

const LIST = 'users';

@Resolver(() => Account)
export class UsersResolver {
  @Authorized<Role>('ADMIN')
  @Query(() => AccountConnection, { description: 'The accounts of this server, in order of user id.' })
  async users(
    @Ctx() { domain, cursors }: GraphqlContext,
    @Args(() => UsersArgs) args: UsersArgs,
  ): Promise<AccountConnection> {
    const size = pageSize(args.first);
    const { accounts } = await domain.accounts.list({
      search: args.filter?.search ?? undefined,
      includeDeactivated: args.filter?.includeDeactivated,
      after: args.after == null ? undefined : cursors.parse(LIST, args.after, 'after'),
      limit: size + 1,
    });
    const page = forwardPage(accounts, size, args.after, (account) => ({
      cursor: cursors.print(LIST, account.userId),
      node: toAccount(account),
    }));
    return Object.assign(new AccountConnection(), page);
  }

  @Authorized<Role>('ADMIN')
  @Query(() => Account, { nullable: true, description: 'One account; null when this server has no such account.' })
  async user(
    @Ctx() { domain }: GraphqlContext,
    @Arg('userId', () => MatrixUserId) userId: string,
  ): Promise<Account | null> {
    const account = await domain.accounts.get(userId);
    return account === undefined ? null : toAccount(account);
  }

  @Authorized<Role>('ADMIN')
  @FieldResolver(() => [AccountDevice], { description: 'The devices of the account.' })
  async devices(@Ctx() { domain }: GraphqlContext, @Root() account: Account): Promise<AccountDevice[]> {
    return (await domain.devices.list(account.userId)).map(toDevice);
  }

  @Authorized<Role>('ADMIN')
  @Mutation(() => UserDeactivatePayload, {
    description: 'Deactivates an account for ever: ends its sessions, leaves its rooms.',
  })
  async userDeactivate(
    @Ctx() context: GraphqlContext,
    @Arg('input', () => UserDeactivateInput) input: UserDeactivateInput,
  ): Promise<UserDeactivatePayload> {
    const refused = (errors: UserError[]): UserDeactivatePayload => ({
      user: null,
      devices: null,
      rooms: null,
      errors,
    });
    return refusable(refused, async () => {
      const { account, devices, rooms } = await context.domain.admin.deactivateUser(requireRequester(context), input);
      return { user: toAccount(account), devices, rooms, errors: [] };
    });
  }
}

@Resolver(() => AccountConnection)
export class AccountConnectionResolver {
  @Authorized<Role>('ADMIN')
  @FieldResolver(() => Int)
  totalCount(@Ctx() { domain }: GraphqlContext): Promise<number> {
    return domain.accounts.count();
  }
}
