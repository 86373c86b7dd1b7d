import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestInfo } from './call';
import type { OperationContract } from './contract';
import type { RequestTarget } from './request-target';

const RUN = randomBytes(4).toString('hex');
let count = 0;
/** Bytes that are rather read and thrown away than answered with a closed connection. */
const SMALL_BODY = 65_536;

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
    readonly target: RequestTarget,
    readonly ip: string,
  ) {}

  get rawPath(): string {
    return this.target.path;
  }

  get userAgent(): string | null {
    return this.incoming.headers['user-agent'] ?? null;
  }

  /** True when much of the body was not read: its connection is then closed, since the rest would have to be read first. */
  get isUnread(): boolean {
    if (this.incoming.complete) return false;
    const { headers } = this.incoming;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SMALL_BODY;
  }

  /** Made when first asked for: most requests are answered before anybody could go away. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.response.destroyed) controller.abort();
      // Aborting costs an exception with its stack: not for the many answers that end as they should.
      else this.response.once('close', () => this.response.writableFinished || controller.abort());
    }
    return this.controller.signal;
  }
}
