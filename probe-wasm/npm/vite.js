// The Vite plug-in: puts the early hook first in <head>, inline, and ships the core with the bundle under
// unhashed names (a hashed one may be asked of a server that has another release).
import { readFileSync } from 'node:fs';
import { checked, inlineScript } from './inline.js';

const FOLDER = 'sightline/';
const SCRIPT = 'text/javascript';
// All of them: which ones a page asks for is decided by what it uses.
const FILES = {
  'core.js': SCRIPT,
  'core.wasm': 'application/wasm',
  'more.js': SCRIPT,
  'api.js': SCRIPT,
  'check.js': SCRIPT,
  'console.js': SCRIPT,
  'events.js': SCRIPT,
  'debug.js': SCRIPT,
};
const read = (name) => readFileSync(new URL(name, import.meta.url));
const script = (name) => read(name).toString().trim();

export default function sightline(options) {
  checked(options);
  let base = '/';
  return {
    name: 'sightline',
    // After other plug-ins, so that nothing they put into <head> comes before the hook.
    enforce: 'post',
    configResolved(config) {
      base = config.base;
    },
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        {
          tag: 'script',
          attrs: { 'data-sightline': options.release ?? '' },
          children: inlineScript(
            { core: base + FOLDER, deployment: '__SIGHTLINE_DEPLOYMENT__', ...options },
            script('early.js'),
            options.traceOrigins?.length ? script('trace.js') : '',
          ),
          injectTo: 'head-prepend',
        },
      ],
    },
    generateBundle() {
      for (const name of Object.keys(FILES)) {
        this.emitFile({ type: 'asset', fileName: FOLDER + name, source: read(name) });
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? '').split('?')[0];
        const name = path.startsWith(base + FOLDER) ? path.slice(base.length + FOLDER.length) : '';
        if (!Object.hasOwn(FILES, name)) return next();
        response.setHeader('Content-Type', FILES[name]);
        response.end(read(name));
      });
    },
  };
}
