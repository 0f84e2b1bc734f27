// What every room of the shell stands on: the hook, the memory shared with the core, texts lent to it, and
// listeners that stop() takes back. One document, one shell: its state is this module's.
import { wasm } from './wasm.js';

export let hook;
export let config;
// The shared words at the positions of `word` in src/deliver/outlet.rs, then bytes lent to the call being made.
export let words;
export let lent;
export const NEXT_EVENT = 0;
export const NEXT_SEQ = 1;
export const ROUTE = 2;
export const ONLINE = 3;
export const CONNECTION = 4;
export const PLACE = 5;
export const NOW = 6;
export const DETAILS = 7;
export const VITALS = 8;
export const BEFORE = 32;
export const PAINTED = 64;

export const open = (given) => {
  hook = given;
  config = hook.config;
  const { buffer } = wasm.memory;
  words = new Uint32Array(buffer, wasm.words(), 96);
  lent = new Uint8Array(buffer, wasm.lent(), 10240);
};

export const now = () => performance.now();
// Tells the core what time it is.
export const tick = () => {
  words[NOW] = now();
};
export const entries = (type) => performance.getEntriesByType(type);
export const navigation = () => entries('navigation')[0] || {};

// Bytes where the core has just said.
export const bytesOf = (length) => new Uint8Array(words.buffer, words[PLACE], length).slice();

const utf8 = new TextEncoder();
const room = new Uint8Array(1024);
// Cut to so many bytes, never within a character.
export const cut = (text, bytes = 128) => (text = String(text ?? '')).slice(0, utf8.encodeInto(text, room.subarray(0, bytes)).read);

// The handle of a text; lent once.
const handles = new Map();
export const text = (given, bytes = 128) => {
  let handle = handles.get(given);
  if (!handle) handles.set(given, (handle = wasm.text(utf8.encodeInto(given, lent.subarray(0, bytes)).written)));
  return handle;
};

// Fields as postcard has them: a number is an unsigned varint, a string its length and UTF-8, bytes are
// raw, a list is its items. Returns where the next would be lent.
export const lend = (fields, at = 0) => {
  const number = (value) => {
    for (value = Math.max(0, Math.round(value)) || 0; value > 127; value = Math.floor(value / 128)) lent[at++] = value % 128 | 128;
    lent[at++] = value;
  };
  for (let field of fields.flat()) {
    if (typeof field === 'string') number((field = utf8.encode(field)).length);
    if (field?.set) {
      lent.set(field, at);
      at += field.length;
    } else number(field);
  }
  return at;
};
export const hex = (bytes) => Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

// A core that trapped is in no state to go on with: nothing is asked of it any more, and the hook speaks alone.
export const failed = (fault) => {
  if (!(fault instanceof WebAssembly.RuntimeError)) return;
  hook.core = 'error';
  hook.seq = words[NEXT_SEQ];
  hook.lifecycle = words[DETAILS] = null;
};
// Whatever goes wrong in here is ours to lose, never the page's.
export const guarded = (work) => (...given) => {
  try {
    return hook.stopped || hook.core === 'error' ? undefined : work(...given);
  } catch (fault) {
    failed(fault);
  }
};
// `localStorage` or `sessionStorage`; nothing where nothing may be kept, or where the browser keeps nothing.
export const storage = guarded((name) => config.storage !== 'none' && !hook.gpc && self[name]);
// For as long as nobody calls stop().
export const listen = (target, type, tell) => {
  const heard = guarded(tell);
  target.addEventListener(type, heard, true);
  hook.undo.push(() => target.removeEventListener(type, heard, true));
};
// Hears tuples by their kind, and what else the shell tells its rooms and modules.
const heard = {};
export const on = (what, hear) => (heard[what] = heard[what] || []).push(guarded(hear));
export const tell = (what, ...told) => heard[what]?.forEach((hear) => hear(...told));
export const later = (wait, work) => setTimeout(guarded(work), wait);
// Puts ours in the place of theirs, until stopped. Who wrapped it after us keeps ours, which then only passes on.
export const wrap = (owner, name, make) => {
  const theirs = owner[name];
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const ours = (owner[name] = make(theirs));
  hook.undo.push(() => {
    if (owner[name] !== ours) return;
    if (own) owner[name] = theirs;
    else delete owner[name];
  });
};
// Tells `(this, arguments)` after a function of the browser's has done its work.
export const after = (owner, name, tell) =>
  wrap(owner, name, (theirs) => function () {
    const result = theirs.apply(this, arguments);
    guarded(tell)(this, arguments);
    return result;
  });
// Whether the browser tells of such entries.
export const tells = (type) => PerformanceObserver.supportedEntryTypes.includes(type);
// Tells of those that came before and of the rest as the browser does; returns a function that takes what it
// has not delivered yet.
export const observe = (type, tell, options) => {
  if (!tells(type)) return () => {};
  const heard = guarded(tell);
  const observer = new PerformanceObserver((list) => heard(list.getEntries()));
  observer.observe({ type, buffered: true, ...options });
  hook.undo.push(() => observer.disconnect());
  return () => heard(observer.takeRecords());
};
