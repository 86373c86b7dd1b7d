import { urlencoded, Router, type Request, type Response, type Router as RouterType } from 'express';
import type { Domain } from '#domain/domain';
import { DUMMY_STAGE, PASSWORD_STAGE, REGISTRATION_TOKEN_STAGE, TERMS_STAGE } from '#domain/sessions';
import { MatrixError } from '#kernel/errors';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { html, sendPage, type Html } from './page';

/** Tells the client that opened the page. The script is the specification's. */
const DONE = `if (window.onAuthDone) {
  window.onAuthDone();
} else if (window.opener && window.opener.postMessage) {
  window.opener.postMessage("authDone", "*");
}`;
const PATHS = ['/_matrix/client/v3/auth/:stage/fallback/web', '/_matrix/client/r0/auth/:stage/fallback/web'];

/**
 * Pages that do one stage of user-interactive authentication, for clients that do not know it. Spec: client-server,
 * "Fallback".
 */
export function authFallbackRoutes({ sessions }: Pick<Domain, 'sessions'>): RouterType {
  const router = Router();
  router.get(PATHS, async (request: Request<{ stage: string }>, response) => {
    await showStage(sessions, response, request.params.stage, textOf(request.query['session']));
  });
  const form = urlencoded({ extended: false, limit: 8_192, parameterLimit: 10 });
  router.post(PATHS, form, async (request: Request<{ stage: string }, unknown, unknown>, response) => {
    const fields = isJsonObject(request.body) ? request.body : {};
    await passStage(sessions, response, request.params.stage, fields);
  });
  return router;
}

type Sessions = Domain['sessions'];

async function passStage(sessions: Sessions, response: Response, stage: string, fields: JsonObject): Promise<void> {
  const session = textOf(fields['session']);
  try {
    const user = (await sessions.uia.find(session))?.userId ?? '';
    const identifier = { type: 'm.id.user', user };
    const { token, password } = fields;
    await sessions.uia.completeOutside(session, stage, {
      type: stage,
      identifier,
      token: token ?? null,
      password: password ?? null,
    });
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return showStage(sessions, response, stage, session, error.message);
  }
  sendPage(response, 200, { title: 'Done', body: html`<p>You can go back to your application.</p>`, script: DONE });
}

async function showStage(
  sessions: Sessions,
  response: Response,
  stage: string,
  id: string,
  problem = '',
): Promise<void> {
  const session = await sessions.uia.find(id);
  const fields = session === undefined ? undefined : fieldsOf(stage, session.params);
  if (fields === undefined) {
    const body = html`<p>This step is unknown, or it took too long. Please begin again in your application.</p>`;
    return sendPage(response, 404, { title: 'Cannot go on', body });
  }
  const body = html`<p>${problem}</p>
    <form method="post">
      <input type="hidden" name="session" value="${id}" />${fields}
      <p><button>Continue</button></p>
    </form>`;
  sendPage(response, problem === '' ? 200 : 400, { title: 'Confirm', body });
}

function fieldsOf(stage: string, params: JsonObject): Html | undefined {
  switch (stage) {
    case DUMMY_STAGE:
      return html``;
    case TERMS_STAGE:
      return html`<p>Do you agree to these documents?</p>
        <ul>
          ${policiesOf(params)}
        </ul>`;
    case REGISTRATION_TOKEN_STAGE:
      return html`<p>
        <label>Registration token <input name="token" maxlength="64" required autofocus /></label>
      </p>`;
    case PASSWORD_STAGE:
      return html`<p>
        <label>Password <input type="password" name="password" required autofocus /></label>
      </p>`;
    default:
      return undefined;
  }
}

/** The documents in whichever language each has. */
function policiesOf(params: JsonObject): Html[] {
  const terms = params[TERMS_STAGE];
  const policies = isJsonObject(terms) && isJsonObject(terms['policies']) ? Object.values(terms['policies']) : [];
  return policies
    .filter(isJsonObject)
    .flatMap((policy) => Object.values(policy).filter(isJsonObject))
    .map(
      ({ name, url }) => html`<li><a href="${textOf(url)}" rel="noreferrer" target="_blank">${textOf(name)}</a></li>`,
    );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
