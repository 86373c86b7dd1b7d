import type { Domain } from '#domain/domain';
import { PASSWORD_STAGE, SignInRequiredError } from '#domain/sessions';
import type { AccountDeactivation } from '#rest/generated/client-server/account_deactivation.routes';

const FLOWS = [[PASSWORD_STAGE]];
type Features = Pick<Domain, 'accountLifecycle' | 'sessions'>;

export const accountDeactivation = ({ accountLifecycle, sessions }: Features): AccountDeactivation => ({
  async deactivateAccount({ requester, body }) {
    if (requester === undefined) throw new SignInRequiredError();
    const { userId } = requester;
    await sessions.uia.authorize({ operation: 'deactivateAccount', userId, body, flows: FLOWS });
    await accountLifecycle.deactivate(userId);
    // No address was ever bound at an identity server, so that nothing is left there.
    return { id_server_unbind_result: 'success' };
  },
});
