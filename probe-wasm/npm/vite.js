// The Vite plug-in: puts the early hook first in <head>, inline, and ships the core with the bundle under
// unhashed names (a hashed one may be asked of a server that has another release).
import { readFileSync } from 'node:fs';
import { checked, inlineScript } from './inline.js';

const FOLDER = 'sightline/';
const FILES = { 'core.js': 'text/javascript', 'core.wasm': 'application/wasm' };
const read = (name) => readFileSync(new URL(name, import.meta.url));

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
          children: inlineScript({ core: base + FOLDER, deployment: '__SIGHTLINE_DEPLOYMENT__', ...options }, read('early.js').toString().trim()),
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
