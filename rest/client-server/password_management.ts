import type { Domain } from '#domain/domain';
import { PASSWORD_STAGE, SignInRequiredError } from '#domain/sessions';
import type { Gaps } from '#rest/generated/gaps';
import type { PasswordManagement } from '#rest/generated/client-server/password_management.routes';
import type { Served } from '#rest/runtime/served';

const FLOWS = [[PASSWORD_STAGE]];
type Features = Pick<Domain, 'accounts' | 'accountLifecycle' | 'sessions'>;

export const passwordManagement = ({
  accounts,
  accountLifecycle,
  sessions,
}: Features): Served<PasswordManagement, Gaps['client-server']> => ({
  async changePassword({ requester, body }) {
    if (requester === undefined) throw new SignInRequiredError();
    accounts.passwords.assertAcceptable(body.new_password);
    const { userId } = requester;
    await sessions.uia.authorize({ operation: 'changePassword', userId, body, flows: FLOWS });
    await accountLifecycle.changePassword(requester, body.new_password, body.logout_devices ?? true);
    return {};
  },
});
