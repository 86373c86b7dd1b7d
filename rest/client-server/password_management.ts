import type { Domain } from '#domain/domain';
import { PASSWORD_STAGE } from '#domain/sessions';
import { MissingTokenError } from '#kernel/errors';
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
    // Without a token only a mail address could prove who asks, and none can be added yet.
    if (requester === undefined) throw new MissingTokenError('Missing access token');
    accounts.passwords.assertAcceptable(body.new_password);
    const { userId } = requester;
    await sessions.uia.authorize({ operation: 'changePassword', userId, body, flows: FLOWS });
    await accountLifecycle.changePassword(requester, body.new_password, body.logout_devices ?? true);
    return {};
  },
});
