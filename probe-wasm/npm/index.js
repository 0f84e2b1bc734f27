// For pages that cannot use the Vite plug-in. The plug-in is better: it puts the early hook inline and
// first, so that it sees a page whose bundle never runs.
import { inlineScript } from './inline.js';

export { inlineScript };

/** Starts the probe from a module. What happened before this call was not seen. */
export function start(options) {
  globalThis.__sightlineConfig = { core: new URL('./', import.meta.url).href, ...options };
  return import('./early.js').then(() => undefined);
}
