import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { OutboxWriter } from './outbox.repository';

const EVERY_MS = 3_600_000;
/** A server that lacks such an event for longer catches up, or finds it behind newer ones. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Forgets which events of other servers' users were passed on, once that matters to nobody any more. */
export class RelayExpiry {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: {
      readonly storage: Pick<Storage, 'write'>;
      readonly now: Clock;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.forget().catch(this.parts.onError), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async forget(): Promise<void> {
    const { storage, now } = this.parts;
    await storage.write((tx) => new OutboxWriter(tx).forgetRelaysBefore(now() - KEPT_MS));
  }
}
