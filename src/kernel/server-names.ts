import { isIPv4, isIPv6 } from 'node:net';

import { InvalidParamError } from './errors';

/** A server name taken apart; `host` keeps the brackets of an IPv6 literal and the letter case it came in. */
export interface ServerName {
  readonly host: string;
  readonly port: number | undefined;
  readonly isIpLiteral: boolean;
}

const DNS_NAME = /^[0-9A-Za-z.-]{1,255}$/;
const FOUR_NUMBERS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const SHAPE = /^(\[[0-9A-Fa-f:.]{2,45}\]|[^:[\]]+)(?::(\d{1,5}))?$/;
/** The longest domain that leaves room for a sigil and a colon in an identifier of 255 bytes. */
const MAX_BYTES = 255;

/**
 * Takes a server name apart, or throws {@link InvalidParamError}. Server names are compared exactly: letter case counts,
 * and blanks are never trimmed. Spec: appendices, "Server Name".
 */
export function parseServerName(name: string): ServerName {
  const parsed = readServerName(name);
  if (parsed === undefined) throw new InvalidParamError('Not a valid server name');
  return parsed;
}

/** Whether a text is a server name by the grammar. */
export function isValidServerName(name: string): boolean {
  return readServerName(name) !== undefined;
}

/** The same as {@link parseServerName}, with undefined for an invalid name. */
export function readServerName(name: string): ServerName | undefined {
  if (name.length === 0 || name.length > MAX_BYTES) return undefined;
  const match = SHAPE.exec(name);
  const host = match?.[1];
  if (host === undefined) return undefined;
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && port > 65535) return undefined;
  const isIpLiteral = host.startsWith('[') || FOUR_NUMBERS.test(host);
  const valid = host.startsWith('[') ? isIPv6(host.slice(1, -1)) : isIpLiteral ? isIPv4(host) : DNS_NAME.test(host);
  return valid ? { host, port, isIpLiteral } : undefined;
}
