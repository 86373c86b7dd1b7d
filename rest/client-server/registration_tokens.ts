import type { Domain } from '#domain/domain';
import type { RegistrationTokens } from '#rest/generated/client-server/registration_tokens.routes';

export const registrationTokens = ({ accounts }: Pick<Domain, 'accounts'>): RegistrationTokens => ({
  async registrationTokenValidity({ query }) {
    return { valid: await accounts.registrationTokens.isValid(query.token) };
  },
});
