'use strict';
// Plain JavaScript: it runs as a process of its own, without a build.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const Database = require('better-sqlite3');
const express = require('express');
const OpenApiValidator = require('express-openapi-validator');

const [port, file] = process.argv.slice(2);
const database = new Database(file);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE events (id INTEGER PRIMARY KEY, json TEXT NOT NULL)');
const insert = database.prepare('INSERT INTO events (json) VALUES (?)');
const document = JSON.parse(
  readFileSync(join(__dirname, '../../rest/generated/documents/client-server/sendMessage.json'), 'utf8'),
);

const app = express();
app.get('/ready', (_request, response) => response.json({}));
app.use(express.json());
app.use(
  OpenApiValidator.middleware({
    apiSpec: document,
    validateApiSpec: false,
    validateFormats: false,
    validateSecurity: false,
  }),
);
app.put('/_matrix/client/v3/rooms/:roomId/send/:eventType/:txnId', (request, response) => {
  insert.run(JSON.stringify(request.body));
  response.json({ event_id: '$ceiling' });
});
app.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ error: error.message }));
app.listen(Number(port), '127.0.0.1');
