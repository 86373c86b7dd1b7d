import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

// The page is served below its endpoint: /_trellis/graphql/graphiql/ talks to /_trellis/graphql.
const endpoint = new URL('..', window.location.href).href.replace(/\/$/, '');
const socket = endpoint.replace(/^http/, 'ws');

/** The access token as typed into the headers pane; subscriptions send it when the socket opens. */
let authorization;

const fetcher = createGraphiQLFetcher({
  url: endpoint,
  wsClient: createClient({ url: socket, lazy: true, connectionParams: () => ({ authorization }) }),
});

const withHeaders = (params, options) => {
  const headers = options?.headers ?? {};
  authorization = headers.Authorization ?? headers.authorization;
  return fetcher(params, options);
};

createRoot(document.getElementById('graphiql')).render(
  createElement(GraphiQL, {
    fetcher: withHeaders,
    defaultHeaders: '{ "Authorization": "Bearer " }',
    shouldPersistHeaders: false,
  }),
);
