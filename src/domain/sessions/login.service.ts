import type { Accounts } from '#domain/accounts';
import { UserDeactivatedError } from '#domain/accounts';
import { ForbiddenError, InvalidParamError, MissingParamError } from '#kernel/errors';
import { isValidUserId, makeUserId } from '#kernel/ids';
import { isJsonObject } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import type { FailedPasswords } from './failed-passwords.service';
import { AppserviceLoginUnsupportedError, UnknownLoginTypeError } from './sessions.errors';
import type { LoginIdentifier, LoginRequest, SignedIn } from './sessions.model';
import type { Tokens } from './tokens.service';

export const PASSWORD_LOGIN = 'm.login.password';

/** Signs users in with what they know. Spec: "Legacy login". */
export class Login {
  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
    private readonly tokens: Tokens,
    private readonly failedPasswords: FailedPasswords,
  ) {}

  /** The login types a client may try, for `GET /login`. */
  flows(): { type: string }[] {
    return [{ type: PASSWORD_LOGIN }];
  }

  /**
   * Signs in.
   * @throws ForbiddenError for wrong credentials, unknown users included; UserDeactivatedError, UserLockedError,
   * UnknownLoginTypeError, MissingParamError, InvalidParamError
   */
  async login(request: LoginRequest): Promise<SignedIn> {
    if (request.type === 'm.login.application_service') throw new AppserviceLoginUnsupportedError();
    if (request.type === 'm.login.token') throw new ForbiddenError('Invalid login token');
    if (request.type !== PASSWORD_LOGIN) throw new UnknownLoginTypeError(request.type);
    if (typeof request.password !== 'string') throw new MissingParamError('password: is missing');
    const { deviceId, displayName, refreshable } = request;
    this.tokens.assertValid({ deviceId, displayName });
    const userId = await this.verifyPassword(request, request.password);
    return this.storage.write((tx) => this.tokens.issue(tx, { userId, deviceId, displayName, refreshable }));
  }

  /**
   * The user id whose name and password these are.
   * @throws ForbiddenError, UserDeactivatedError, MissingParamError, InvalidParamError, LimitExceededError
   */
  async verifyPassword(who: LoginIdentifier, password: string): Promise<string> {
    const wanted = readUser(who);
    const userId = await this.resolve(wanted);
    const name = userId ?? wanted;
    this.failedPasswords.countTry(name);
    const account = userId === undefined ? undefined : await this.accounts.get(userId);
    // Also without an account: the time it takes must not tell which names exist.
    const matches = await this.accounts.verifyPassword(account?.userId ?? '', password);
    if (account !== undefined && account.deactivatedTs !== null) throw new UserDeactivatedError();
    if (account === undefined || !matches) throw new ForbiddenError('Invalid username or password');
    this.failedPasswords.succeeded(name);
    return account.userId;
  }

  /** The account that a user id or localpart names; capitals count first, for historical accounts, and then do not. */
  private async resolve(wanted: string): Promise<string | undefined> {
    const userId = wanted.startsWith('@') ? wanted : makeUserId(wanted, this.accounts.serverName);
    if (!isValidUserId(userId) || !this.accounts.isLocal(userId)) return undefined;
    const lowered = makeUserId(userId.slice(1, userId.indexOf(':')).toLowerCase(), this.accounts.serverName);
    if (lowered === userId || (await this.accounts.get(userId)) !== undefined) return userId;
    return lowered;
  }
}

/** The name in a login or a password stage, in today's form or the old one. */
function readUser(who: LoginIdentifier): string {
  if (who.identifier === undefined) {
    if (typeof who.user === 'string') return who.user;
    if (who.medium !== undefined || who.address !== undefined)
      throw new ForbiddenError('Unknown third-party identifier');
    throw new MissingParamError('identifier: is missing');
  }
  if (!isJsonObject(who.identifier)) throw new InvalidParamError('identifier: must be an object');
  const { type, user } = who.identifier;
  // No address is bound to any account here, so that none is known.
  if (type === 'm.id.thirdparty' || type === 'm.id.phone') throw new ForbiddenError('Unknown third-party identifier');
  if (type !== 'm.id.user') throw new InvalidParamError('identifier.type: unknown');
  if (typeof user !== 'string') throw new MissingParamError('identifier.user: is missing');
  return user;
}
