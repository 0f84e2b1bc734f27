// The second module: instruments for what is rarer, or told later, than outcomes. Loaded by the shell when
// idle, it takes the tuples the shell kept for it, observes the rest itself and leaves events by
// `shell.teller`. It knows nothing of beacons, sessions or the core; each instrument fails alone.
import { causes } from './more/causes.js';
import { routes } from './more/routes.js';
import { sockets } from './more/sockets.js';

export const install = (shell) => {
  // What vitals were made of, by name, for who subscribes to them.
  shell.causes = {};
  // Those that listen first, so that they miss least.
  for (const instrument of [sockets, routes, causes]) shell.guarded(instrument)(shell);
};
