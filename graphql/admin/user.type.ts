import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionType, ForwardPage } from '../runtime/pagination';
import { MatrixUserId, TimestampMs } from '../runtime/scalars';
import { UserError } from '../runtime/user-error';

@ObjectType({ description: 'An account of this server, as administrators see it.' })
export class Account {
  @Field(() => ID, { description: 'Global id.' })
  id!: string;

  @Field(() => MatrixUserId, { description: 'The Matrix user id.' })
  userId!: string;

  @Field(() => Boolean, { description: 'An administrator of this server.' })
  isAdmin!: boolean;

  @Field(() => Boolean, { description: 'A guest account.' })
  isGuest!: boolean;

  @Field(() => Boolean, { description: 'Shut out until unlocked.' })
  locked!: boolean;

  @Field(() => Boolean, { description: 'May read and leave, may not send.' })
  suspended!: boolean;

  @Field(() => TimestampMs, { description: 'When the account was made.' })
  createdTs!: number;

  @Field(() => TimestampMs, { nullable: true, description: 'When it was deactivated; null while it is in use.' })
  deactivatedTs!: number | null;
}

@ObjectType({ description: 'A device of an account.' })
export class AccountDevice {
  @Field(() => String, { description: 'The device id.' })
  deviceId!: string;

  @Field(() => String, { nullable: true, description: 'The name its user gave it.' })
  displayName!: string | null;

  @Field(() => TimestampMs, { nullable: true, description: 'When it was last seen.' })
  lastSeenTs!: number | null;

  @Field(() => String, { nullable: true, description: 'The address it was last seen at.' })
  lastSeenIp!: string | null;
}

@InputType({ description: 'Which accounts to list.' })
export class UserFilter {
  @Field(() => String, { nullable: true, description: 'Part of the localpart, letter case ignored.' })
  search?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'List deactivated accounts too.' })
  includeDeactivated!: boolean;
}

@ArgsType()
export class UsersArgs extends ForwardPage {
  @Field(() => UserFilter, { nullable: true, description: 'Which accounts to list; all in use when absent.' })
  filter?: UserFilter | null;
}

export const AccountPage = connectionType<Account>('Account', () => Account);

@ObjectType({ description: 'A page of accounts.' })
export class AccountConnection extends AccountPage {
  @Field(() => Int, { description: 'All accounts ever made. Counted when asked for.' })
  totalCount?: number;
}

@InputType({ description: 'An account to deactivate.' })
export class UserDeactivateInput {
  @Field(() => MatrixUserId, { description: 'The account.' })
  userId!: string;

  @Field(() => String, { description: 'Why; kept in the log.' })
  reason!: string;

  @Field(() => Boolean, { defaultValue: false, description: 'Change nothing, only count what would be affected.' })
  dryRun!: boolean;
}

@ObjectType({ description: 'The outcome of `userDeactivate`.' })
export class UserDeactivatePayload {
  @Field(() => Account, { nullable: true, description: 'The account afterwards; null when there are errors.' })
  user!: Account | null;

  @Field(() => Int, { nullable: true, description: 'Devices that were, or would be, signed out.' })
  devices!: number | null;

  @Field(() => Int, { nullable: true, description: 'Rooms that were, or would be, left.' })
  rooms!: number | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  errors!: UserError[];
}
