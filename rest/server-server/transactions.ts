import type { Domain } from '#domain/domain';
import type { JsonValue } from '#kernel/json';
import type { Transactions } from '#rest/generated/server-server/transactions.routes';

export const transactions = ({ federationInbound }: Pick<Domain, 'federationInbound'>): Transactions => ({
  async sendTransaction({ requester, path: { txnId }, body }) {
    const edus = (body.edus ?? []) as unknown as JsonValue[];
    return { pdus: await federationInbound.transactions.receive(requester.origin, txnId, { pdus: body.pdus, edus }) };
  },
});
