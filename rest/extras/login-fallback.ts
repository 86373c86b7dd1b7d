import { Router, type Router as RouterType } from 'express';
import { html, sendPage } from './page';

/** Query parameters that go on to `POST /login`; credentials are typed here and nowhere else. */
const SCRIPT = `const form = document.querySelector('form');
const problem = document.querySelector('#problem');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const query = new URLSearchParams(window.location.search);
  const body = { type: 'm.login.password', identifier: { type: 'm.id.user', user: form.user.value }, password: form.password.value };
  for (const name of ['device_id', 'initial_device_display_name']) if (query.has(name)) body[name] = query.get(name);
  if (query.get('refresh_token') === 'true') body.refresh_token = true;
  const headers = { 'Content-Type': 'application/json' };
  const reply = await fetch('/_matrix/client/v3/login', { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await reply.json();
  if (!reply.ok) { problem.textContent = answer.error; return; }
  problem.textContent = 'You are signed in. You can go back to your application.';
  if (window.matrixLogin && window.matrixLogin.onLogin) window.matrixLogin.onLogin(answer);
  else if (window.onLogin) window.onLogin(answer);
});`;

/** A page that signs in for clients that know no login type of this server. Spec: client-server, "Login Fallback". */
export function loginFallbackRoutes(): RouterType {
  const router = Router();
  router.get(['/_matrix/static/client/login/', '/_matrix/static/client/login'], (_request, response) => {
    const body = html`<p id="problem" role="status"></p>
      <form>
        <p>
          <label>User name <input name="user" autocomplete="username" required autofocus /></label>
        </p>
        <p>
          <label>Password <input type="password" name="password" autocomplete="current-password" required /></label>
        </p>
        <p><button>Sign in</button></p>
      </form>`;
    sendPage(response, 200, { title: 'Sign in', body, script: SCRIPT });
  });
  return router;
}
