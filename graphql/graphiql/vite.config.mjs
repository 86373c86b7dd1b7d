import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** GraphiQL with everything it needs in one folder: the server has to work without the internet. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../../dist/graphiql', import.meta.url)),
    emptyOutDir: true,
    chunkSizeWarningLimit: 10_000,
    modulePreload: { polyfill: false },
    // "use client" means nothing here.
    rolldownOptions: { onLog: (level, log, handle) => log.code === 'MODULE_LEVEL_DIRECTIVE' || handle(level, log) },
  },
  worker: { format: 'es' },
});
