// Events that JavaScript decides: their fields enter, the core adds number, revision and time and queues
// them. Nothing leaves where details do not, and no kind more often than a hundred times a view.
import { wasm } from './wasm.js';
import { DETAILS, lend, tick, words } from './ground.js';

const SINGLES = 100;
const CAPPED = 4;
let told = {};
let revisions = {};

export const forgetFacts = () => {
  told = {};
  revisions = {};
};
export const capped = () => wasm.dropped(CAPPED, 1);

// The same event again under its number; what it says now replaces what it said.
export const revise = (n, kind, at, urgent, ...fields) => {
  if (!words[DETAILS]) return 0;
  tick();
  return wasm.fact(n, (revisions[n] = (revisions[n] ?? -1) + 1), at, lend([kind, ...fields]), urgent);
};
// Returns the event's number, 0 when it does not leave.
export const fact = (kind, ...rest) => {
  told[kind] = (told[kind] || 0) + 1;
  if (told[kind] > SINGLES) return capped() || 0;
  revisions[0] = -1;
  const n = revise(0, kind, ...rest);
  revisions[n] = 0;
  return n;
};
