import type { Domain } from '#domain/domain';
import { PASSWORD_STAGE } from '#domain/sessions';
import { MissingTokenError } from '#kernel/errors';
import type { AccountDeactivation } from '#rest/generated/client-server/account_deactivation.routes';

const FLOWS = [[PASSWORD_STAGE]];
type Features = Pick<Domain, 'accountLifecycle' | 'sessions'>;

export const accountDeactivation = ({ accountLifecycle, sessions }: Features): AccountDeactivation => ({
  async deactivateAccount({ requester, body }) {
    // Without a token only a mail address could prove who asks, and none can be added yet.
    if (requester === undefined) throw new MissingTokenError('Missing access token');
    const { userId } = requester;
    await sessions.uia.authorize({ operation: 'deactivateAccount', userId, body, flows: FLOWS });
    await accountLifecycle.deactivate(userId);
    // No address was ever bound at an identity server, so that nothing is left there.
    return { id_server_unbind_result: 'success' };
  },
});
