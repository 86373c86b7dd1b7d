import { generateLocalpart, UserInUseError, type Accounts } from '#domain/accounts';
import {
  AppserviceLoginUnsupportedError,
  DUMMY_STAGE,
  REGISTRATION_TOKEN_STAGE,
  TERMS_STAGE,
  type Sessions,
  type UiaProof,
} from '#domain/sessions';
import { ForbiddenError, GuestAccessForbiddenError, MissingParamError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import type { RegistrationConfig } from './account-lifecycle.config';
import type { Registered, RegistrationRequest } from './account-lifecycle.model';

const GENERATED_NAME_ATTEMPTS = 3;

/** New accounts by anybody who may. Spec: "Account registration". */
export class Registration {
  constructor(
    private readonly storage: Storage,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly config: RegistrationConfig,
  ) {}

  /**
   * Makes an account once its maker has passed all stages. What can be refused is refused before them.
   * @param body the request as it came, whose `auth` answers the challenge
   * @throws AuthenticationRequiredError, ForbiddenError when registration is closed, UserInUseError, InvalidUsernameError,
   * WeakPasswordError, InvalidParamError, MissingParamError, AppserviceLoginUnsupportedError
   */
  async register(request: RegistrationRequest, body: object): Promise<Registered> {
    this.assertOpen(request);
    await this.assertAcceptable(request);
    if (request.password === undefined && 'auth' in body) throw new MissingParamError('password: is missing');
    const { uia } = this.sessions;
    const flows = [this.stages()];
    const proof = await uia.authorize({ operation: 'register', userId: null, body, flows, params: this.stageParams() });
    const passwordHash = await this.accounts.passwords.hash(request.password ?? '');
    return this.create(request, passwordHash, proof);
  }

  /** Makes a guest: an account without name or password. @throws GuestAccessForbiddenError, InvalidParamError */
  async registerGuest(displayName: string | undefined): Promise<Registered> {
    if (!this.config.allowGuests) throw new GuestAccessForbiddenError('Guests are not allowed here');
    this.sessions.assertValid({ displayName });
    return this.storage.write(async (tx) => {
      const localpart = generateLocalpart();
      const { userId } = await this.accounts.insert(tx, { localpart, passwordHash: null, isGuest: true });
      return { userId, signedIn: await this.sessions.issue(tx, { userId, displayName }) };
    });
  }

  /** Whether the name could be registered now. @throws ForbiddenError, UserInUseError, InvalidUsernameError */
  async assertAvailable(username: string): Promise<void> {
    if (!this.config.enabled) throw new ForbiddenError('Registration is disabled');
    await this.accounts.assertAvailable(username);
  }

  private assertOpen({ type }: RegistrationRequest): void {
    if (type === 'm.login.application_service') throw new AppserviceLoginUnsupportedError();
    if (!this.config.enabled) throw new ForbiddenError('Registration is disabled');
    if (this.config.requireEmail)
      throw new ForbiddenError('Registration needs a mail address, which cannot be proven here');
  }

  private async assertAcceptable({ username, password, deviceId, displayName }: RegistrationRequest): Promise<void> {
    if (username !== undefined) await this.accounts.assertAvailable(username);
    if (password !== undefined) this.accounts.passwords.assertAcceptable(password);
    this.sessions.assertValid({ deviceId, displayName });
  }

  private stages(): string[] {
    const stages: string[] = [];
    if (this.config.requireToken) stages.push(REGISTRATION_TOKEN_STAGE);
    if (this.config.requireTerms) stages.push(TERMS_STAGE);
    return stages.length === 0 ? [DUMMY_STAGE] : stages;
  }

  private stageParams(): JsonObject {
    if (!this.config.requireTerms) return {};
    const policies: JsonObject = {};
    for (const [id, { version, language, name, url }] of Object.entries(this.config.terms)) {
      policies[id] = { version, [language]: { name, url } };
    }
    return { [TERMS_STAGE]: { policies } };
  }

  /** A generated name that is taken already is worth another try; a wanted one is not. */
  private async create(request: RegistrationRequest, passwordHash: string, proof: UiaProof): Promise<Registered> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.createOnce(request, passwordHash, proof);
      } catch (error) {
        const again =
          error instanceof UserInUseError && request.username === undefined && attempt < GENERATED_NAME_ATTEMPTS;
        if (!again) throw error;
      }
    }
  }

  /** Account, device and tokens in one commit, which also counts the registration token's use. */
  private createOnce(request: RegistrationRequest, passwordHash: string, proof: UiaProof): Promise<Registered> {
    const localpart = request.username ?? generateLocalpart();
    return this.storage.write(async (tx) => {
      const { registrationToken: token } = proof;
      if (token !== undefined && !(await this.accounts.registrationTokens.consume(tx, token))) {
        throw new ForbiddenError('This registration token is not valid any more');
      }
      const { userId } = await this.accounts.insert(tx, { localpart, passwordHash });
      if (request.inhibitLogin === true) return { userId };
      const { deviceId, displayName, refreshable } = request;
      return { userId, signedIn: await this.sessions.issue(tx, { userId, deviceId, displayName, refreshable }) };
    });
  }
}
