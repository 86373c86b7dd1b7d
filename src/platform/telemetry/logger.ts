import pino from 'pino';
import type { Logger } from '#kernel/logger';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
}

/** Members that are never written, however deep their object lies in a line's fields (two levels are searched). */
const SECRETS = [
  'password',
  'new_password',
  'access_token',
  'refresh_token',
  'token',
  'authorization',
  'secret',
  'auth',
];

/** A logger on standard output. Secrets are masked by name; whole requests are never logged. */
export function createLogger({ level, format }: LogOptions, destination?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: undefined,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    serializers: { error: describeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (destination !== undefined) return pino(options, destination);
  if (format === 'json') return pino(options);
  const transport: unknown = pino.transport({
    target: 'pino-pretty',
    options: { colorize: process.stdout.isTTY, translateTime: 'SYS:HH:MM:ss.l', singleLine: true },
  });
  return pino(options, transport as pino.DestinationStream);
}

/** What of an error is worth a line. Database errors carry statements and parameters, which may hold secrets. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  const code: unknown = 'code' in error ? error.code : undefined;
  return { name, message: maskTokens(message), code, stack: stack === undefined ? undefined : maskTokens(stack) };
}

/** Takes access tokens out of URLs in text. */
export function maskTokens(text: string): string {
  return text.replace(/(access_token|token|secret|password)=[^&\s"']+/gi, '$1=[secret]');
}
