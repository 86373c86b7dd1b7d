import type { Accounts } from '#domain/accounts';
import { ForbiddenError, MatrixError, MissingParamError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { Login } from './login.service';

export const DUMMY_STAGE = 'm.login.dummy';
export const PASSWORD_STAGE = 'm.login.password';
export const REGISTRATION_TOKEN_STAGE = 'm.login.registration_token';
export const TERMS_STAGE = 'm.login.terms';

/** The stages of user-interactive authentication that this server has. Spec: "Authentication types". */
export class UiaStages {
  constructor(
    private readonly accounts: Accounts,
    private readonly login: Login,
  ) {}

  /**
   * Tries one stage with the client's auth object.
   * @returns what later steps need to know of it; never a secret of the user
   * @throws MatrixError when the stage is not passed
   */
  async attempt(stage: string, auth: JsonObject, userId: string | null): Promise<JsonObject> {
    switch (stage) {
      case DUMMY_STAGE:
      case TERMS_STAGE:
        return {};
      case PASSWORD_STAGE:
        await this.checkPassword(auth, userId);
        return {};
      case REGISTRATION_TOKEN_STAGE:
        return this.checkRegistrationToken(auth);
      default:
        throw new MatrixError('M_UNRECOGNIZED', 'This server does not have that stage');
    }
  }

  private async checkPassword(auth: JsonObject, userId: string | null): Promise<void> {
    const { identifier, user, medium, address, password } = auth;
    if (typeof password !== 'string') throw new MissingParamError('auth.password: is missing');
    const proven = await this.login.verifyPassword({ identifier, user, medium, address }, password);
    if (proven !== userId) throw new ForbiddenError('Invalid username or password');
  }

  private async checkRegistrationToken({ token }: JsonObject): Promise<JsonObject> {
    if (typeof token !== 'string') throw new MissingParamError('auth.token: is missing');
    if (!(await this.accounts.registrationTokens.isValid(token))) {
      throw new ForbiddenError('This registration token is not valid');
    }
    return { registration_token: token };
  }
}
