// Errors the page saw, grouped: the first of a group is told at once, its number again with the next batch.
// Stacks are cut to their frames, addresses lose their queries, and what a user typed is never looked for.
import { wasm } from './wasm.js';
import { DETAILS, cut, text, words } from './ground.js';
import { capped, teller } from './facts.js';

const GROUPS = 50;
const UNCAUGHT = 0;
const REJECTION = 1;
const SCRIPT = 2;
const CHUNK = 3;
const CSP = 4;
const RESOURCE = 5;
const plain = (given) => String(given ?? '').replace(/[?#][^:)\s]*/g, '');
const frames = (stack) => cut((plain(stack).match(/.*:\d+.*/g) || []).slice(0, 10).join('\n').replace(/^ +/gm, ''), 1024);

let groups = {};
export const forgetErrors = () => {
  groups = {};
};

const error = (kind, at, message, source, stack) => {
  if (!words[DETAILS]) return;
  const fields = [kind, cut(message, 512), cut(plain(source), 512), frames(stack)];
  const key = fields.join('\n').split('\n', 4).join('\n');
  const group = groups[key];
  if (group) {
    group.count++;
    // Nothing to write yet, but something to leave.
    wasm.fact(0, 0, 0, 0);
  } else if (Object.keys(groups).length < GROUPS) {
    const tell = teller(6, 1);
    tell(at, ...fields, 1);
    groups[key] = { at, fields, count: 1, tell };
  } else capped();
};
export const tellErrors = () => {
  for (const { at, fields, count, tell } of Object.values(groups)) tell(at, ...fields, count);
};

export const tuples = {
  s(at, url) {
    wasm.script_failed(at);
    error(SCRIPT, at, '', url);
  },
  p(at, message) {
    wasm.script_failed(at);
    error(CHUNK, at, message);
  },
  g: (at, url) => error(RESOURCE, at, '', url),
  x: (at, message, source, line, column, stack) => error(UNCAUGHT, at, message, source, stack || source + ':' + line + ':' + column),
  j: (at, message, stack) => error(REJECTION, at, message, '', stack),
  v(at, directive, uri) {
    error(CSP, at, directive, uri);
    if (directive === 'connect-src') wasm.refused(at, text(new URL(uri).origin, 256));
  },
};
