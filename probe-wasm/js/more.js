// The second module: instruments for what is rarer, or told later, than outcomes. Loaded by the shell when
// idle, it takes the tuples the shell kept for it, observes the rest itself and leaves events by
// `shell.fact`. It knows nothing of beacons, sessions or the core; each instrument fails alone.
import { causes } from './more/causes.js';
import { clicks } from './more/clicks.js';
import { consoleErrors } from './more/console.js';
import { longTasks } from './more/longtasks.js';
import { resources } from './more/resources.js';
import { routes } from './more/routes.js';
import { sockets } from './more/sockets.js';
import { guard } from './more/tell.js';

export const install = (shell) => {
  // What vitals were made of, by name, for who subscribes to them.
  shell.causes = {};
  const guarded = Object.create(shell);
  for (const name of ['take', 'on']) guarded[name] = (what, work) => shell[name](what, guard(work));
  // Those that listen first, so that they miss least.
  for (const instrument of [sockets, routes, clicks, causes, resources, longTasks, consoleErrors]) guard(instrument)(guarded);
};
