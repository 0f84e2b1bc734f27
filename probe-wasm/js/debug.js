// Optional, fetched only with `debug`: tells the developer, once per key, what is wrong with the configuration of a
// running page: all that the build would have found, and what only a page can know: whether its selectors parse and
// whether its route templates fit any path that was visited. Changes nothing.
import { problemsOf, selectorFault } from '../npm/config-check.js';
import { problem } from './problem.js';

/** How long a visit goes on before a template that fitted nothing is told, milliseconds. */
const PATIENCE_MS = 30_000;
/** How often the path is looked at, milliseconds: routers give no sign that all of them share. */
const LOOK_MS = 200;

export const install = (shell) => {
  const { config, hook } = shell;
  const tell = ({ key, wrong, right }) => problem(shell, key, `${wrong}; ${right}`);
  problemsOf(config, faultOf).forEach(tell);

  const visited = new Set();
  const look = () => visited.add(location.pathname);
  const looking = setInterval(look, LOOK_MS);
  const conclude = () => {
    if (!takeBack()) return;
    look();
    templatesThatFitNone(config, [...visited], hook.fits).forEach(tell);
  };
  let waiting = setTimeout(conclude, PATIENCE_MS);
  // Whether there was something to take back: a visit is concluded once.
  const takeBack = () => {
    clearInterval(looking);
    clearTimeout(waiting);
    const first = waiting;
    waiting = 0;
    return first;
  };
  look();
  shell.on('leaving', conclude);
  hook.undo.push(takeBack);
};

/** The text's own fault, for browsers close at the end what was left open; then the browser's word. */
const faultOf = (selector) => {
  try {
    document.createDocumentFragment().querySelector(selector);
    return selectorFault(selector);
  } catch {
    return selectorFault(selector) || 'is none that this browser understands';
  }
};

/** A problem for each route template that no visited path fits. */
export const templatesThatFitNone = ({ routes, ready }, visited, fits) => {
  const named = [
    ...(Array.isArray(routes) ? routes : []).map((template, index) => [`routes[${index}]`, template]),
    ...Object.keys(ready || {}).map((template) => [`ready[${JSON.stringify(template)}]`, template]),
  ];
  const fitsAny = (template) => {
    try {
      return visited.some((path) => fits(template).test(path));
    } catch {
      // No template at all: the check has told that.
      return true;
    }
  };
  return named
    .filter(([, template]) => !fitsAny(template))
    .map(([key, template]) => ({
      key,
      wrong: `"${template}" fits none of the paths visited (${visited.slice(0, 5).join(', ')})`,
      right: 'a template of whole segments such as "/films/:id" is right',
    }));
};
