import { ForbiddenError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { thirdPartyInviteSigners, type ThirdPartyInviteKey } from '#protocol/auth-rules/index';
import type { Pdu } from '#protocol/events/index';
import type { IdentityServerKeys } from './federation-inbound.ports';

/** Keys of one invitation that are asked about: its sender decides how many it names, and where to ask. */
const MAX_ASKED = 3;

/**
 * Whether the keys that identity servers signed by are still good. Only the inviter's server asks, before it makes the
 * invite: all servers must come to the same verdict on an event, and what is at a URL changes.
 * Spec: client-server API, "Third-party invites", "Server behaviour".
 */
export class InviteKeys {
  constructor(private readonly identityServers: IdentityServerKeys) {}

  /**
   * Requires `signed` to be signed by a key of the invitation that is still good.
   * @throws ForbiddenError; UnreachableServerError when nothing can be learnt now
   */
  async requireGood(invitation: Pdu, signed: JsonObject): Promise<void> {
    const signers = [...thirdPartyInviteSigners(invitation, signed)];
    if (signers.length === 0) throw new ForbiddenError('The invite is not signed by a key of the invitation');
    for (const signer of distinct(signers).slice(0, MAX_ASKED)) if (await this.isGood(signer)) return;
    throw new ForbiddenError('The key by which the invite is signed is not valid any more');
  }

  private async isGood({ publicKey, validityUrl }: ThirdPartyInviteKey): Promise<boolean> {
    if (validityUrl === undefined) return true;
    return typeof validityUrl === 'string' && this.identityServers.isValid(validityUrl, publicKey);
  }
}

/** The old form's key mostly stands among the further ones once more. */
function distinct(keys: readonly ThirdPartyInviteKey[]): ThirdPartyInviteKey[] {
  return [...new Map(keys.map((key) => [JSON.stringify([key.publicKey, key.validityUrl]), key])).values()];
}
