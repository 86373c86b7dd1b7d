import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Accounts } from '#domain/accounts';
import type { Profiles } from '#domain/profiles';
import type { Sessions } from '#domain/sessions';
import { ForbiddenError, InvalidParamError, UnrecognizedError } from '#kernel/errors';
import { randomSecret } from '#kernel/random';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import type { Registered, SharedSecretRequest } from './account-lifecycle.model';
import { AccountLifecycleWriter } from './account-lifecycle.repository';

const NONCE_LIFETIME_MS = 60_000;
const MAX_USER_TYPE = 64;

/**
 * New accounts, administrators too, by whoever knows the shared secret. Not in the specification, but expected by bots,
 * tools and operators: `/_synapse/admin/v1/register`.
 */
export class SharedSecretRegistration {
  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly profiles: Profiles,
    private readonly secret: string | null,
    private readonly now: Clock,
  ) {}

  /** A nonce, good for one registration within a minute. @throws UnrecognizedError when no secret is set */
  async nonce(): Promise<string> {
    this.requireSecret();
    const nonce = randomSecret();
    const now = this.now();
    await this.storage.write((tx) => new AccountLifecycleWriter(tx).addNonce(nonce, now + NONCE_LIFETIME_MS, now));
    return nonce;
  }

  /**
   * Makes an account, proven by an HMAC-SHA1 under the secret over nonce, user name, password, `admin` or `notadmin` and, if
   * given, the user type, with NUL between them.
   * @throws ForbiddenError for a wrong HMAC, InvalidParamError for a nonce that is unknown, used or old, UserInUseError,
   * InvalidUsernameError, WeakPasswordError, UnrecognizedError when no secret is set
   */
  async register(request: SharedSecretRequest): Promise<Registered> {
    const secret = this.requireSecret();
    if ([request.username, request.password].some((text) => text.includes('\0'))) {
      throw new InvalidParamError('username, password: must not contain NUL');
    }
    if ((request.userType?.length ?? 0) > MAX_USER_TYPE) throw new InvalidParamError('user_type: too long');
    // The nonce is used up whatever follows, so that a HMAC can be guessed at once per nonce.
    const fresh = await this.storage.write((tx) => new AccountLifecycleWriter(tx).takeNonce(request.nonce, this.now()));
    if (!fresh) throw new InvalidParamError('nonce: unknown, used or too old');
    if (!isProven(request, secret)) throw new ForbiddenError('mac: wrong');
    await this.accounts.assertAvailable(request.username);
    return this.create(request, await this.accounts.passwords.hash(request.password));
  }

  private create(request: SharedSecretRequest, passwordHash: string): Promise<Registered> {
    const { username: localpart, admin: isAdmin, userType, displayname, inhibitLogin } = request;
    return this.storage.write(async (tx) => {
      const { userId } = await this.accounts.insert(tx, { localpart, passwordHash, isAdmin, userType });
      if (displayname !== null) await this.profiles.initialize(tx, userId, displayname);
      return inhibitLogin ? { userId } : { userId, signedIn: await this.sessions.issue(tx, { userId }) };
    });
  }

  private requireSecret(): string {
    if (this.secret === null) throw new UnrecognizedError('Shared-secret registration is switched off');
    return this.secret;
  }
}

function isProven({ nonce, username, password, admin, userType, mac }: SharedSecretRequest, secret: string): boolean {
  const parts = [nonce, username, password, admin ? 'admin' : 'notadmin', ...(userType === null ? [] : [userType])];
  const expected = createHmac('sha1', secret).update(parts.join('\0')).digest();
  const given = Buffer.from(mac, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
