import type { Storage } from '#platform/storage/storage';
import type { RoomParter } from './account-lifecycle.ports';
import { AccountLifecycleReader, AccountLifecycleWriter } from './account-lifecycle.repository';

/** Takes closed accounts out of their rooms, one account at a time; what a crash interrupts goes on at the next start. */
export class PartingJob {
  private parter: RoomParter | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly storage: Storage,
    private readonly onError: (error: unknown) => void,
  ) {}

  bind(parter: RoomParter): void {
    this.parter = parter;
  }

  /** Goes on with what was left at the last stop. */
  start(): void {
    this.work = this.work.then(async () => {
      for (const userId of await new AccountLifecycleReader(this.storage).pendingPartings()) await this.part(userId);
    });
    this.work = this.work.catch(this.onError);
  }

  /** Adds an account whose parting is written down. */
  add(userId: string): void {
    this.work = this.work.then(() => this.part(userId)).catch(this.onError);
  }

  /** Resolves when every account that was added has left its rooms. */
  settled(): Promise<void> {
    return this.work;
  }

  /** Finishes the account in hand and leaves the others to the next start. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.work;
  }

  private async part(userId: string): Promise<void> {
    if (this.stopping || this.parter === undefined) return;
    await this.parter.partAll(userId);
    await this.storage.write((tx) => new AccountLifecycleWriter(tx).removeParting(userId));
  }
}
