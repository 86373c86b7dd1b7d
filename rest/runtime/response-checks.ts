import type { Logger } from '#kernel/logger';
import type { OperationContract } from './contract';
import type { RestOptions } from './door-options';
import { ResponseValidator } from './response-validator';

/** Decides whether an answer is checked, and what a mismatch costs. */
export class ResponseChecks {
  private readonly validator: ResponseValidator | undefined;
  private readonly share: number;
  private readonly strict: boolean;
  private readonly logger: Logger;
  private due = 0;

  constructor({ documents, logger, validateResponses = false }: RestOptions) {
    this.strict = validateResponses === true;
    this.share = Number(validateResponses);
    this.validator = this.share > 0 ? new ResponseValidator(documents) : undefined;
    this.logger = logger;
  }

  /** Throws for a mismatch when strict, so that tests meet a 500; else logs it and lets the answer go out. */
  check(contract: OperationContract, status: number, body: unknown): void {
    if (this.validator === undefined || !this.isDue()) return;
    const mismatch = this.validator.check(contract, status, body);
    if (mismatch === undefined) return;
    if (this.strict)
      throw new Error(`The answer of ${mismatch.operation} (${status}) is not as specified: ${mismatch.problem}`);
    this.logger.warn({ ...mismatch }, 'An answer is not as specified');
  }

  /** Every n-th answer, which is as good as chance here and costs less. */
  private isDue(): boolean {
    this.due += this.share;
    if (this.due < 1) return false;
    this.due -= 1;
    return true;
  }
}
