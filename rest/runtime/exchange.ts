import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestInfo } from './call';
import type { OperationContract } from './contract';

const RUN = randomBytes(4).toString('hex');
let count = 0;

/** One request with its answer: what delegates may know of it, and what the access log will say. */
export class Exchange implements RequestInfo {
  readonly requestId = `${RUN}-${(++count).toString(36)}`;
  readonly startedAt = performance.now();
  /** The operation, once known. */
  contract: OperationContract | undefined;
  template: string | undefined;
  caller: string | undefined;
  stream?: NodeJS.ReadableStream;
  private controller: AbortController | undefined;

  constructor(
    readonly incoming: IncomingMessage,
    readonly response: ServerResponse,
    readonly rawPath: string,
    readonly rawQuery: string,
    readonly ip: string,
  ) {}

  get userAgent(): string | null {
    return this.incoming.headers['user-agent'] ?? null;
  }

  /** True when a file was not read to its end: its connection can then serve no other request. */
  get isUnread(): boolean {
    return this.stream !== undefined && !this.incoming.complete;
  }

  /** Made when first asked for: most requests are answered before anybody could go away. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.response.destroyed) controller.abort();
      else this.response.once('close', () => controller.abort());
    }
    return this.controller.signal;
  }
}
