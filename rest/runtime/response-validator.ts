import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { isJsonObject } from '#kernel/json';
import type { OperationContract } from './contract';
import { operationOf, type DocumentSource } from './documents';

/** An answer that its operation's document does not allow. */
export interface ResponseMismatch {
  readonly operation: string;
  readonly status: number;
  readonly problem: string;
}

const found: ResponseMismatch[] = [];

/** All mismatches since the process started or the list was last emptied; tests fail when there are any. */
export function responseMismatches(): readonly ResponseMismatch[] {
  return found;
}

export function forgetResponseMismatches(): void {
  found.length = 0;
}

type Check = ValidateFunction | 'error' | 'unlisted' | 'open';

/**
 * Checks JSON answers against the operation's document; statuses from 400 on need errcode and error at least. A document
 * describes the refusal that is special to its operation; the common ones share its status, and may lack its members.
 */
export class ResponseValidator {
  private readonly checks = new Map<string, Check>();

  constructor(private readonly documents: DocumentSource) {}

  /** The mismatch, which is also remembered, or undefined when the answer is as it should be. */
  check(contract: OperationContract, status: number, body: unknown): ResponseMismatch | undefined {
    const problem = problemOf(this.checkOf(contract, status), body, status >= 400);
    if (problem === undefined) return undefined;
    const mismatch = { operation: contract.id, status, problem };
    found.push(mismatch);
    return mismatch;
  }

  private checkOf(contract: OperationContract, status: number): Check {
    const key = `${contract.id} ${status}`;
    const known = this.checks.get(key);
    if (known !== undefined) return known;
    const check = this.compile(contract, status);
    this.checks.set(key, check);
    return check;
  }

  private compile(contract: OperationContract, status: number): Check {
    const document = this.documents(contract);
    const responses = operationOf(document)['responses'];
    const listed = isJsonObject(responses)
      ? (responses[status] ?? responses[`${Math.floor(status / 100)}XX`])
      : undefined;
    if (!isJsonObject(listed)) return status >= 400 ? 'error' : 'unlisted';
    const content = listed['content'];
    const json = isJsonObject(content) ? content['application/json'] : undefined;
    if (!isJsonObject(json) || json['schema'] === undefined) return status >= 400 ? 'error' : 'open';
    const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, allErrors: status >= 400 });
    return ajv.compile({ ...(json['schema'] as object), components: document['components'] ?? {} });
  }
}

function problemOf(check: Check, body: unknown, isRefusal: boolean): string | undefined {
  if (check === 'open') return undefined;
  if (check === 'unlisted') return 'the document lists no such status';
  if (check === 'error') return isError(body) ? undefined : 'an error needs errcode and error';
  const plain: unknown = JSON.parse(JSON.stringify(body) ?? 'null');
  if (check(plain)) return undefined;
  const lacksOnly = check.errors?.every(({ keyword, instancePath }) => keyword === 'required' && instancePath === '');
  if (isRefusal && lacksOnly === true && isError(plain)) return undefined;
  const [first] = check.errors ?? [];
  return `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim();
}

function isError(body: unknown): boolean {
  return isJsonObject(body) && typeof body['errcode'] === 'string' && typeof body['error'] === 'string';
}
