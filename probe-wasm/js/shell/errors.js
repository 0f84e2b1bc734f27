// Errors the page saw, grouped: the first of a group is told at once, its number again with the next batch.
// Stacks are cut to their frames, addresses lose their queries, and what a user typed is never looked for.
import { wasm } from './wasm.js';
import { DETAILS, cut, words } from './ground.js';
import { capped, fact, revise } from './facts.js';

const GROUPS = 50;
const [UNCAUGHT, REJECTION, SCRIPT, CHUNK, CSP, RESOURCE] = [0, 1, 2, 3, 4, 5];
const plain = (text) => String(text ?? '').replace(/[?#][^:)\s]*/g, '');
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
    groups[key] = { at, fields, count: 1, told: 1, n: fact(6, at, 1, ...fields, 1) };
  } else capped();
};
export const tellErrors = () => {
  for (const group of Object.values(groups)) {
    if (group.count > group.told) revise(group.n, 6, group.at, 0, ...group.fields, (group.told = group.count));
  }
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
  v: (at, directive, uri) => error(CSP, at, directive, uri),
};
