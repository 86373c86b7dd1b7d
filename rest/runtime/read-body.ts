import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { bodyTooLarge, encodedBody } from './refusals';

/** The client went away before its request was whole; there is nobody to answer. */
export class RequestAborted extends Error {}

/**
 * Checks what the headers say of a body before any of it is read.
 * Throws 413 when its length is above `limit` (bytes), 415 when it is compressed: no Matrix client compresses, and a
 * small compressed body can be a huge one.
 */
export function checkBodyHeaders(request: IncomingMessage, limit: number): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') throw encodedBody();
  if (Number(request.headers['content-length'] ?? 0) > limit) throw bodyTooLarge();
}

/** Reads a body of at most `limit` bytes; throws 413 at the first byte beyond, {@link RequestAborted} if it breaks off. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (request.headers['content-length'] === '0') return Promise.resolve(NOTHING);
  const chunked = request.headers['transfer-encoding'] !== undefined;
  if (!chunked && request.headers['content-length'] === undefined) return Promise.resolve(NOTHING);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else {
        request.removeAllListeners('data').pause();
        reject(bodyTooLarge());
      }
    });
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)));
    // Every request closes; one that is whole has ended before, and making an error for it would be wasted.
    request.once('close', () => !request.complete && reject(new RequestAborted()));
    request.once('error', () => reject(new RequestAborted()));
  });
}

const NOTHING = Buffer.alloc(0);

/** A file's bytes as they arrive, ended with 413 when more than `limit` come. */
export function limitedStream(request: IncomingMessage, limit: number): Transform {
  let length = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > limit) done(bodyTooLarge());
      else done(null, chunk);
    },
  });
  request.once('close', () => {
    if (!request.complete) stream.destroy(new RequestAborted());
  });
  // A delegate that refuses without reading listens to nothing, and a stream's unheard error would end the process.
  stream.on('error', () => undefined);
  return request.pipe(stream);
}
