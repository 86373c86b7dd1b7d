const { readFileSync } = require('node:fs'); const { transformSync } = require('@swc/core');
require.extensions['.ts'] = (m, filename) => { const { code } = transformSync(readFileSync(filename, 'utf8'), { filename, jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }); m._compile(code, filename); };
process.env.NODE_OPTIONS='--cpu-prof --cpu-prof-dir=/tmp/cpuprof';
const { startTrellis } = require('./servers/trellis.ts');
const { HttpClient } = require('./load/http.ts'); const { registerUsers } = require('./load/user.ts');
const sc = {...require('./scenarios/send.ts'), ...require('./scenarios/syncing.ts'), ...require('./scenarios/growing-room.ts')};
(async()=>{ const server = await startTrellis(); const http=new HttpClient(server.baseUrl);
try { const users = await registerUsers(http, server.secret, 'u', 110); for (const n of process.argv.slice(2)) console.log(n, JSON.stringify(await sc[n]({server, users, scale: 0.5}))); } finally { http.close(); await server.stop(); } })().catch(e=>{console.error(e);process.exit(1)});
