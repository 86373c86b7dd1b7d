import { LRUCache } from 'lru-cache';
import type { Accounts } from '#domain/accounts';
import { UserLockedError } from '#domain/accounts';
import { MissingTokenError, UnknownTokenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import { hashToken, TokensReader, type TokenRow } from './tokens.repository';
import type { Tokens } from './tokens.service';

interface KnownToken {
  readonly requester: Requester;
  readonly expiresTs: number | null;
  readonly locked: boolean;
}

export interface AuthenticateOptions {
  /** Set by the operations that a locked account may still call: logout and logout/all. */
  readonly allowLocked?: boolean;
}

const MAX_CACHED = 50_000;
const MAX_TOKEN_LENGTH = 1_024;

/**
 * Turns access tokens into requesters. Known tokens are answered from memory; the ends of tokens and changes of
 * accounts drop them, in this process before the change's author goes on.
 */
export class Authentication {
  private readonly cache = new LRUCache<string, KnownToken>({
    ...atMost(MAX_CACHED),
    dispose: (known, hash) => this.forgetHash(known.requester.userId, hash),
  });
  private readonly hashesOfUser = new Map<string, Set<string>>();
  /** Grows with every invalidation: what was read before one is not cached after it. */
  private epoch = 0;

  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
    private readonly tokens: Tokens,
    private readonly now: Clock,
  ) {
    accounts.onChange((userId) => this.drop(userId));
    tokens.onEnd((userId) => this.drop(userId));
  }

  /**
   * Who sends this token.
   * @throws MissingTokenError, UnknownTokenError (with `soft_logout` where a refresh or a new login can go on with the same
   * device), UserLockedError
   */
  async authenticate(token: string, { allowLocked = false }: AuthenticateOptions = {}): Promise<Requester> {
    if (token === '') throw new MissingTokenError('No access token');
    if (token.length > MAX_TOKEN_LENGTH) throw new UnknownTokenError('Unknown access token', { soft_logout: false });
    const hash = hashToken(token);
    const known = this.cache.get(hash) ?? (await this.load(hash));
    if (known.expiresTs !== null && known.expiresTs <= this.now()) {
      throw new UnknownTokenError('This access token has expired', { soft_logout: true });
    }
    if (known.locked && !allowLocked) throw new UserLockedError();
    return known.requester;
  }

  private async load(hash: string): Promise<KnownToken> {
    const { epoch } = this;
    const row = await new TokensReader(this.storage).byAccessHash(hash);
    const account = row && (await this.accounts.get(row.user_id));
    if (row === undefined || account === undefined || account.deactivatedTs !== null) {
      throw new UnknownTokenError('Unknown access token', { soft_logout: false });
    }
    const known = { requester: toRequester(row, account), expiresTs: row.expires_ts, locked: account.locked };
    if (this.isExpired(known)) return known;
    if (row.confirmed === 0) await this.tokens.confirm(row);
    else if (epoch === this.epoch) this.remember(hash, known);
    return known;
  }

  private isExpired({ expiresTs }: KnownToken): boolean {
    return expiresTs !== null && expiresTs <= this.now();
  }

  private remember(hash: string, known: KnownToken): void {
    this.cache.set(hash, known);
    const { userId } = known.requester;
    const hashes = this.hashesOfUser.get(userId);
    if (hashes === undefined) this.hashesOfUser.set(userId, new Set([hash]));
    else hashes.add(hash);
  }

  private drop(userId: string): void {
    this.epoch += 1;
    for (const hash of [...(this.hashesOfUser.get(userId) ?? [])]) this.cache.delete(hash);
  }

  private forgetHash(userId: string, hash: string): void {
    const hashes = this.hashesOfUser.get(userId);
    if (hashes?.delete(hash) && hashes.size === 0) this.hashesOfUser.delete(userId);
  }
}

function toRequester(row: TokenRow, account: { isGuest: boolean; isAdmin: boolean }): Requester {
  return {
    userId: row.user_id,
    deviceId: row.device_id,
    tokenId: row.token_id,
    isGuest: account.isGuest,
    isAdmin: account.isAdmin,
  };
}
