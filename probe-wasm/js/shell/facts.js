// Events that JavaScript decides: their fields enter, the core adds number, revision and time and queues
// them. Nothing leaves where details do not, and no kind more often than a hundred times a view.
import { wasm } from './wasm.js';
import { DETAILS, hook, lend, tick, words } from './ground.js';

const SINGLES = 100;
const CAPPED = 4;
let told = {};

export const forgetFacts = () => {
  told = {};
};
export const capped = () => wasm.dropped(CAPPED, 1);

const write = (n, rev, kind, at, urgent, fields) => {
  tick();
  return wasm.fact(n, rev, at, lend([kind, ...fields]), urgent);
};
// Returns the event's number, 0 when it does not leave.
export const fact = (kind, at, urgent, ...fields) => {
  if (!words[DETAILS]) return 0;
  told[kind] = (told[kind] || 0) + 1;
  return told[kind] > SINGLES ? capped() || 0 : write(0, 0, kind, at, urgent, fields);
};
// Tells one event: first as a fact, then, whenever its fields have changed, as its next revision, which replaces it.
export const teller = (kind, urgent) => {
  let view, n, rev, said;
  return (at, ...fields) => {
    const text = fields.join('\n');
    // A view restored from memory numbers its events anew.
    if (view !== hook.view) n = rev = 0;
    else if (text === said) return;
    view = hook.view;
    said = text;
    if (!n) n = fact(kind, at, urgent, ...fields);
    else if (words[DETAILS]) write(n, ++rev, kind, at, 0, fields);
  };
};
