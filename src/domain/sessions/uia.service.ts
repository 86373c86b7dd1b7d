import { ForbiddenError, InvalidParamError, LimitExceededError, MatrixError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { randomSecret } from '#kernel/random';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { AuthenticationRequiredError } from './sessions.errors';
import { hashToken } from './tokens.repository';
import { bodyMac, isComplete, isNext, readAuth, type UiaFlows } from './uia-binding.model';
import { UiaReader, UiaWriter, type UiaSession } from './uia.repository';
import type { UiaStages } from './uia-stages.service';

/** An action that needs user-interactive authentication, and how it was asked for. */
export interface UiaRequest {
  /** Names the action and what it is done to, as `deleteDevice ABCDEF`: a session is good for this alone. */
  readonly operation: string;
  /** Who is signed in, if anybody. */
  readonly userId: string | null;
  /** The request's body; its `auth` is what the client says to the challenge. */
  readonly body: object;
  readonly flows: UiaFlows;
  /** What clients need to know of stages, by stage. */
  readonly params?: JsonObject;
}

/** What the stages proved beside the fact. */
export interface UiaProof {
  /** To be consumed in the transaction that registers. */
  readonly registrationToken?: string;
}

const SWEEP_EVERY_MS = 60_000;
const MAX_SESSION_ID = 128;

/**
 * User-interactive authentication. A session belongs to one operation and user from its start, and to one request body
 * from its first completed stage; each stage is passed once, and a finished session is used up.
 */
export class Uia {
  private sweptTs = 0;

  constructor(
    private readonly storage: Storage,
    private readonly stages: UiaStages,
    private readonly lifetimeMs: number,
    private readonly now: Clock,
  ) {}

  /**
   * Returns when the request carries the last stage of a flow.
   * @throws AuthenticationRequiredError when (further) stages are needed or one failed; ForbiddenError when the session was
   * begun for something else
   */
  async authorize(request: UiaRequest): Promise<UiaProof> {
    const auth = readAuth(request.body);
    const session = await this.sessionOf(request, auth);
    if (auth === undefined) throw await this.challenge(request, session);
    this.assertBound(request, session);
    const advanced =
      typeof auth['type'] === 'string' ? await this.advance(request, session, auth['type'], auth) : session;
    if (!isComplete(request.flows, advanced.completed)) {
      throw await this.challenge(request, advanced);
    }
    await this.useUp(request, advanced, session.completed.length > 0 || auth['session'] === session.id);
    const token = advanced.proof['registration_token'];
    return typeof token === 'string' ? { registrationToken: token } : {};
  }

  /**
   * Passes a stage without the request that it is for, from a page that the client opened. The request then comes with
   * nothing but the session. Spec: "Fallback".
   * @throws MatrixError when the stage is not passed; InvalidParamError for an unknown session or a stage out of turn
   */
  async completeOutside(sessionId: string, stage: string, auth: JsonObject): Promise<void> {
    const session = await this.find(sessionId);
    if (session === undefined) throw new InvalidParamError('session: unknown or expired');
    if (session.completed.includes(stage)) return;
    if (!isNext(session.flows, session.completed, stage)) throw new InvalidParamError('This step is not the next one');
    const proof = await this.stages.attempt(stage, auth, session.userId === '' ? null : session.userId);
    const completed = [...session.completed, stage];
    const after = { ...session, completed, proof: { ...session.proof, ...proof } };
    await this.storage.write((tx) => new UiaWriter(tx).save(after));
  }

  /** A session under way, for a page that does one of its stages. */
  async find(sessionId: string): Promise<UiaSession | undefined> {
    if (sessionId.length > MAX_SESSION_ID) return undefined;
    return new UiaReader(this.storage).find(sessionId, this.now());
  }

  private async sessionOf(request: UiaRequest, auth: JsonObject | undefined): Promise<UiaSession> {
    const id = auth?.['session'];
    if (typeof id === 'string') {
      const found = await this.find(id);
      if (found !== undefined) return found;
      throw await this.challenge(
        request,
        this.begin(request),
        new MatrixError('M_UNKNOWN', 'Unknown or expired session'),
      );
    }
    return this.begin(request);
  }

  private begin(request: UiaRequest): UiaSession {
    return {
      id: randomSecret(),
      operation: hashToken(request.operation),
      userId: request.userId ?? '',
      bodyMac: null,
      flows: request.flows,
      params: request.params ?? {},
      completed: [],
      proof: {},
      expiresTs: this.now() + this.lifetimeMs,
    };
  }

  private assertBound(request: UiaRequest, session: UiaSession): void {
    const sameOperation = session.operation === hashToken(request.operation);
    const sameBody = session.bodyMac === null || session.bodyMac === bodyMac(session.id, request.body);
    if (!sameOperation || session.userId !== (request.userId ?? '') || !sameBody) {
      throw new ForbiddenError('The requested operation has changed during authentication');
    }
  }

  /** The session with the stage done. A stage that was done before changes nothing. */
  private async advance(
    request: UiaRequest,
    session: UiaSession,
    stage: string,
    auth: JsonObject,
  ): Promise<UiaSession> {
    if (session.completed.includes(stage)) return session;
    if (!isNext(request.flows, session.completed, stage)) {
      throw await this.challenge(request, session, new ForbiddenError('auth.type: not the next stage of any flow'));
    }
    try {
      const proof = await this.stages.attempt(stage, auth, request.userId);
      return {
        ...session,
        bodyMac: session.bodyMac ?? bodyMac(session.id, request.body),
        completed: [...session.completed, stage],
        proof: { ...session.proof, ...proof },
      };
    } catch (error) {
      if (error instanceof MatrixError && !(error instanceof LimitExceededError))
        throw await this.challenge(request, session, error);
      throw error;
    }
  }

  /** Of two requests that finish one session only the first goes on. A session that was never stored needs no such care. */
  private async useUp(request: UiaRequest, session: UiaSession, stored: boolean): Promise<void> {
    if (!stored) return;
    const first = await this.storage.write((tx) => new UiaWriter(tx).remove(session.id));
    if (!first)
      throw await this.challenge(request, this.begin(request), new MatrixError('M_UNKNOWN', 'This session was used'));
  }

  private async challenge(request: UiaRequest, session: UiaSession, failure?: MatrixError): Promise<MatrixError> {
    const sweep = this.now() - this.sweptTs > SWEEP_EVERY_MS;
    if (sweep) this.sweptTs = this.now();
    await this.storage.write(async (tx) => {
      const sessions = new UiaWriter(tx);
      await sessions.save(session);
      if (sweep) await sessions.removeExpired(this.now());
    });
    const { flows, params = {} } = request;
    return new AuthenticationRequiredError(
      { flows, params, session: session.id, completed: session.completed },
      failure,
    );
  }
}
