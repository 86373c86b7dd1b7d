import type { Clock } from '#kernel/time';
import { Hourly } from '#platform/jobs/hourly';
import type { Storage } from '#platform/storage/storage';
import { CopiesWriter } from './copies.repository';
import { OutboxWriter } from './outbox.repository';

/** A server that lacks such an event for longer catches up, or finds it behind newer ones. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Forgets which events of other servers' users were passed on, once that matters to nobody any more. */
export const relayExpiry = (storage: Pick<Storage, 'write'>, now: Clock): Hourly =>
  new Hourly(() =>
    storage.write(async (tx) => {
      const old = now() - KEPT_MS;
      await new OutboxWriter(tx).forgetRelaysBefore(old);
      await new CopiesWriter(tx).forgetBefore(old);
    }),
  );
