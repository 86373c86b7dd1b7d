import type { IngestPorts } from '../ingest.ports';

/**
 * What the ingest needs of membership and federation, which are put together after the timeline, and who hears of its
 * failures in the background.
 */
export class IngestBinding {
  private bound: IngestPorts | undefined;
  private report: (error: unknown) => void = () => undefined;

  bind(ports: IngestPorts, onError: (error: unknown) => void): void {
    this.bound = ports;
    this.report = onError;
  }

  /** @throws Error before they are bound */
  readonly ports = (): IngestPorts => {
    if (this.bound === undefined) throw new Error('the ingest is not bound to federation');
    return this.bound;
  };

  /** Undefined where there is no federation. */
  readonly portsIfAny = (): IngestPorts | undefined => this.bound;

  readonly onError = (error: unknown): void => this.report(error);
}
