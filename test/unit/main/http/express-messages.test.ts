import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { expressMessages } from '#main/http/express-messages';

describe('the messages of an Express application', () => {
  let server: Server;
  const listen = async (app: Express, atFirst: (request: IncomingMessage, response: ServerResponse) => void) => {
    server = createServer(expressMessages(app));
    server.on('request', atFirst).on('request', app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('are born with the prototypes that Express would give them', async () => {
    const app = express();
    app.use((_request, response) => void response.end());
    const born: boolean[] = [];
    const url = await listen(app, (request, response) => {
      born.push(Object.getPrototypeOf(request) === app.request, Object.getPrototypeOf(response) === app.response);
    });
    await fetch(url);
    expect(born).toEqual([true, true]);
  });

  it('have all that Express adds, and know their application', async () => {
    const app = express().set('greeting', 'hello');
    app.use((request, response) => void response.json([request.app.get('greeting'), request.get('x-name')]));
    const url = await listen(app, () => undefined);
    const answer = await fetch(url, { headers: { 'x-name': 'anna' } });
    expect(await answer.json()).toEqual(['hello', 'anna']);
  });
});
