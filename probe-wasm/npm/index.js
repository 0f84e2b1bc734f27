// For pages that cannot use the Vite plug-in. The plug-in is better: it puts the early hook inline and
// first, so that it sees a page whose bundle never runs.
import { inlineScript } from './inline.js';

export { inlineScript };

/** Starts the probe that waits for consent, or one from a module. What happened before this call was not seen. */
export function start(options) {
  const waiting = globalThis.__sightline;
  if (waiting) return Promise.resolve(waiting.start());
  globalThis.__sightlineConfig = { core: new URL('./', import.meta.url).href, ...options };
  return import('./early.js').then(() => undefined);
}

/** Takes every hook back, for the rest of this document. */
export function stop() {
  globalThis.__sightline?.stop();
}
