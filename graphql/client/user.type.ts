import { Field, ID, ObjectType } from 'type-graphql';
import { MatrixUserId } from '../runtime/scalars';

@ObjectType({ description: 'A Matrix user, as other users may see them.' })
export class User {
  @Field(() => ID, { description: 'Global id.' })
  id!: string;

  @Field(() => MatrixUserId, { description: 'The Matrix user id.' })
  userId!: string;

  @Field(() => String, { nullable: true, description: 'The display name of the profile.' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'The avatar, an mxc:// URI.' })
  avatarUrl?: string | null;
}

@ObjectType({ description: 'Who is asking.' })
export class Viewer {
  @Field(() => User, { description: 'The user whose access token was used.' })
  user!: User;

  @Field(() => String, { nullable: true, description: 'The device of the session.' })
  deviceId!: string | null;

  @Field(() => Boolean, { description: 'True for administrators of this server.' })
  isAdmin!: boolean;
}
