// Calls of the page: what the hook noted of each enters, with the page's body reads, streams and the
// browser's resource entries; the core hears of sending, headers and end, with texts as handles. A fetch
// ends with its body. Bodies are looked at for one declared field, and let go.
import { wasm } from './wasm.js';
import { readField } from './body.js';
import { config, fromHex, guarded, hook, lent, now, observe, text } from './ground.js';
import { expected, fitting, ruleOf, template } from './rules.js';
import { bodies } from './streams.js';

const LOAD = 0;
const HEADERS = 1;
const ERROR = 2;
const ABORT = 3;
const TIMEOUT = 4;
const TAKEN = 5;
const REFUSED = 6;
const HOW = { load: LOAD, abort: ABORT, AbortError: ABORT, timeout: TIMEOUT, TimeoutError: TIMEOUT };
const how = (name) => HOW[name] ?? ERROR;
// What the core wants done about a call.
const OPEN = 0;
const NOBODY_THERE = 2;
const READING = 3;
const RULED = 1;
const GOOD = 2;
const WRONG_TYPE = 4;
const EXPECTED = 4;
const FIELD = 8;
const TRACED = 16;

// Those under way: { at, url, origin, rule, from }, headersAt and, of a fetch, its answer once it is there, endedAt when
// the browser's entry came first.
const calls = new Map();
const forget = (id) => calls.delete(id) + bodies.delete(id);
export const forgetCalls = () => {
  calls.clear();
  bodies.clear();
};

const tellBody = (id) => {
  const [call, body] = [calls.get(id), bodies.get(id)];
  if (!call || !body) return;
  const { headers = call.headersAt, streamed, first, last, gap, chunks, bytes } = body;
  if (streamed) wasm.body(id, headers, last, first - call.at, Math.max(gap, first - headers), chunks, bytes);
  else wasm.body(id, headers);
};
// Those whose pieces still come are alive.
export const tellPieces = () => {
  for (const [id, { streamed }] of bodies) {
    if (!calls.has(id)) bodies.delete(id);
    else if (streamed) tellBody(id);
  }
};

let check;
// At once where it can be: what the page does next may belong to another attempt.
const fieldRead = guarded((id, { good }, value) => {
  const found = value === undefined ? 3 : value === null ? 2 : good?.includes(value) ? 0 : 1;
  wasm.field_read(id, found, found < 2 && text(value));
  forget(id);
  hook.wake();
});
const decide = (id, decision, body) => {
  const { origin, rule } = calls.get(id);
  if (decision === READING) {
    // The body of a fetch is the page's to read first.
    if (body !== undefined) readField(body, rule.field, (value) => fieldRead(id, rule, value));
  } else if (decision !== OPEN) {
    forget(id);
    if (decision === NOBODY_THERE && check) check(origin, (answered) => hook.note('k', now(), id, answered));
  }
};
const bodyEnds = (id, at, name, body) => {
  tellBody(id);
  decide(id, wasm.body_ended(id, at, how(name)), body);
};

export const tuples = {
  r(at, id, method, url, from, trace) {
    const { origin, pathname } = new URL(url);
    const rule = ruleOf(method, pathname);
    calls.set(id, { at, url, origin, rule, from });
    const texts = [text(method), text(origin, 256), text(/^\//.test(rule.path) ? rule.path : template(pathname), 256)];
    // Texts are lent in the same place.
    if (trace) lent.set(fromHex(trace));
    wasm.sent(
      id, id < hook.reported ? hook.rev : 0, at, ...texts,
      'fxb'.indexOf(from) | (expected(origin) && EXPECTED) | (rule.field && FIELD) | (trace && TRACED), rule.limitMs,
      fitting('request', method, pathname) | fitting('firstChunk', method, pathname),
    );
  },
  e(at, id, name, status, holder) {
    const call = calls.get(id);
    const { from, rule } = call;
    const fetched = from === 'f' && name === 'load';
    const type = (fetched ? holder.headers.get('content-type') : holder.getResponseHeader?.('content-type')) || '';
    const bits =
      (rule.status ? RULED | (rule.status.includes(status) && GOOD) : 0) |
      ((rule.json && /^(text\/html|application\/xhtml)/i.test(type)) || (rule.type && !type.toLowerCase().startsWith(rule.type)) ? WRONG_TYPE : 0);
    // Of a beacon only this is known, and an answer the page may not look into has come all the same.
    const known = from === 'b' ? (holder ? TAKEN : REFUSED) : /^opaque/.test(holder.type) ? TAKEN : fetched ? HEADERS : how(name);
    tellBody(id);
    call.headersAt = at;
    if (fetched) call.answer = holder;
    decide(id, wasm.ended(id, at, known, status, bits), fetched ? undefined : holder.response);
    if (call.endedAt) bodyEnds(id, call.endedAt, 'load');
  },
  // The page read the body of a fetch answer, or a piece of it was the last.
  // What is no JSON has come all the same.
  b: (at, id, body, fault) => bodyEnds(id, at, fault && fault !== 'SyntaxError' ? fault : 'load', fault ? '' : body),
  q: (at, id, name) => bodyEnds(id, at, name),
  k: (at, id, answered) => wasm.checked(id, answered),
  // Bodies nobody reads, or reads in ways unseen: the browser's entry tells the end. It belongs to the earliest
  // call of its address that was sent before it and whose end the page's own reading will not tell.
  z(at, list) {
    for (const { initiatorType, name, startTime, responseEnd } of list) {
      if (initiatorType !== 'fetch' || !responseEnd) continue;
      for (const [id, { from, at, url, answer, headersAt, endedAt }] of calls) {
        const unread = (!answer || hook.answers.get(answer)) && !bodies.get(id)?.streamed;
        if (from === 'f' && unread && !endedAt && startTime >= at - 1 && url.split('#')[0] === name) {
          calls.get(id).endedAt = responseEnd;
          if (headersAt) bodyEnds(id, responseEnd, 'load');
          break;
        }
      }
    }
  },
};

// Returns a function that takes the entries not delivered yet. `load` brings the optional check of origins.
export const watchCalls = (load) => {
  if (config.checkUnreachable && !hook.gpc) load('check', (made) => (check = made));
  return observe('resource', (list) => hook.note('z', 0, list));
};
