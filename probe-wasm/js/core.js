// Starts the wasm core, feeds it and decides when it runs: in idle batches, at its own deadlines, around the
// paint of frames it waits for, and at once when the page is hidden. Tuples of the hook enter, numbers go to
// the core, bytes of beacons leave; what they mean is the core's own affair.
import { instantiate, wasm } from './shell/wasm.js';
import { watchClicks } from './shell/clicks.js';
import { forgetCalls, tellPieces, tuples as callTuples, watchCalls } from './shell/calls.js';
import { forgetErrors, tellErrors, tuples as errorTuples } from './shell/errors.js';
import { fact, forgetFacts, teller } from './shell/facts.js';
import {
  BEFORE, CONNECTION, DETAILS, NEXT_EVENT, NEXT_SEQ, ONLINE, PAINTED, ROUTE,
  after, bytesOf, config, cut, failed, guarded, hex, hook, later, lend, lent, listen, navigation, now, observe, on, open, tell, text, tick, words, wrap,
} from './shell/ground.js';
import { watchLongTasks } from './shell/longtasks.js';
import { mounted, moved, navigationTiming, ready, route, setRoute, touched } from './shell/page.js';
import { openStore } from './shell/persist.js';
import { tellResources, watchResources } from './shell/resources.js';
import { address, countPainted, declare, expected, fitting, journeyNamed, ofKind, template } from './shell/rules.js';
import { selector } from './shell/selector.js';
import { tapStreams } from './shell/streams.js';
import { openTransport } from './shell/transport.js';
import { attributes, detail, forgetVisit, lendHead, navigationType, openVisit, remember, userIsThere } from './shell/visit.js';
import { retell, toldVitals, tuples as vitalTuples, vitalsLeave, vitalsRestored, watchVitals } from './shell/vitals.js';

// In the order of `beacon::DropReason`.
const HOOK_FULL = 0;
const WITHHELD = 5;
// Tuples are kept for modules that come later, until then.
const KEPT_MS = 10000;
const PATIENCE_MS = 5000;
// More bytes than there are events of.
const ALL = 1e9;

export async function start(given, base) {
  const answer = await given.fetch(base + 'core.wasm');
  // Refused is what is no wasm, as the HTML of a history fallback.
  const module = await (WebAssembly.compileStreaming ? WebAssembly.compileStreaming(answer) : answer.arrayBuffer().then(WebAssembly.compile));
  // Two releases behind one balancer may hold two builds of the probe, whose names mean different things.
  if (!WebAssembly.Module.customSections(module, BUILD)[0]) throw BUILD;
  if (given.stopped) return;
  instantiate(module);
  open(given);
  hook.core = 'loaded';

  // --- Numbering: the hook draws from the same memory as the core.
  words[NEXT_EVENT] = hook.n;
  words[NEXT_SEQ] = hook.seq;
  Object.defineProperty(hook, 'n', { get: () => words[NEXT_EVENT], set: (n) => (words[NEXT_EVENT] = n) });

  let hidden = document.hidden;
  const beginVisit = (restored) => {
    openVisit(restored);
    words[DETAILS] = !detail();
  };
  beginVisit();
  tick();
  declare();
  wasm.begin(hook.rev, hidden ? hook.hiddenAt : -1, config.checkUnreachable && !hook.gpc, text(config.backendOrigin || '', 256), ofKind('painted'), ofKind('request'));

  // --- What modules hear of.
  const loaded = {};
  const load = (name, use = () => {}) =>
    (loaded[name] = loaded[name] || import(base + name + '.js').then((module) => {
      retell();
      hook.wake();
      return module.install(shell);
    })).then(guarded(use)).catch(() => {});
  let kept = [];
  const shell = {
    wasm, lent, bytesOf, hook, config, now, tick, fact, teller, on, later, listen, observe, wrap, after, guarded, template, address, selector, cut, expected,
    attributes, fitting, journeyNamed, route, text,
    navigationType,
    details: () => words[DETAILS] > 0,
    // The application's beforeSend is still to come: nothing leaves unseen.
    hold: config.beforeSend,
    more: () => config.more !== false && words[DETAILS] && load('more', caughtUp),
    take(kind, hear) {
      on(kind, hear);
      if (kept) kept.forEach(([other, ...told]) => other === kind && guarded(hear)(...told));
    },
    load,
  };
  // --- What the probe itself costs: [ready, spent, runs, beacons, bytes, waiting, failed].
  const cost = [now(), 0, 0, 0, 0, 0, 0];
  const tellOfUs = teller(17);
  const measured = (work) => guarded(() => {
    const from = now();
    tick();
    work();
    cost[1] += 1000 * (now() - from);
    cost[2]++;
  });
  const tellCost = () => {
    cost[5] = wasm.waiting();
    tellOfUs(cost[0], ...cost);
  };

  // --- What enters.
  const tuples = {
    ...callTuples,
    ...errorTuples,
    ...vitalTuples,
    c(at, element) {
      userIsThere();
      wasm.signal(fitting('click', element), at);
    },
  };
  // Events of the window come as they are, and leave as tuples.
  const read = {
    click: (at, { target, isTrusted, clientX, clientY }) => ['c', at, target, isTrusted, clientX, clientY],
    error: (at, { target, message, filename, lineno, colno, error }, name) =>
      message ? ['x', at, message, filename, lineno, colno, error?.stack] : [name === 'script' ? 's' : 'g', at, target.src || target.href, name],
    unhandledrejection: (at, { reason }) => ['j', at, reason?.message || reason, reason?.stack],
    'vite:preloadError': (at, { payload }) => ['p', at, payload?.message],
    securitypolicyviolation: (at, { effectiveDirective, blockedURI }) => ['v', at, effectiveDirective, blockedURI],
  };
  let complete;
  let waits = 0;
  const takeIn = () => {
    wasm.clock(Date.now() - now());
    wasm.dropped(HOOK_FULL, hook.dropped);
    hook.dropped = 0;
    const path = moved();
    words[ROUTE] = text(route(), 256);
    words[ONLINE] = navigator.onLine !== false;
    words[CONNECTION] = text(navigator.connection?.effectiveType || '');
    if (path) wasm.signal(fitting('navigation', path), complete && now());
    const { loadEventEnd, loadEventStart, responseStart } = navigation();
    if (!complete && loadEventEnd) {
      complete = 1;
      wasm.loaded(loadEventStart, responseStart);
      fact(1, 0, 0, navigationTiming());
      later(3000, tellResources);
    }
    if (wasm.is_undecided() && mounted()) wasm.mounted();
    for (const noted of now() < waits && !hidden ? [] : hook.queue.splice(0)) {
      const [type, name] = noted[0].split(' ');
      const tuple = name ? read[type](noted[1], noted[2], name) : noted;
      const [kind, ...rest] = tuple;
      guarded(tuples[kind])(...rest);
      if (kept) kept.push(tuple);
      tell(kind, ...rest);
    }
    tellPieces();
  };
  const lendTouched = () => (wasm.is_undecided() ? lend(touched()) : 0);

  // --- What leaves.
  const seal = (anyway) => {
    toldVitals(tell);
    if (shell.hold && !anyway) return;
    const due = wasm.gather(anyway);
    if (due) tellErrors();
    if (shell.hold) {
      // Each has its length in front, in two bytes.
      const bytes = bytesOf(wasm.open(ALL));
      for (let at = 0; at < bytes.length; at += 2 + (bytes[at] & 127 | bytes[at + 1] << 7)) wasm.dropped(WITHHELD, 1);
      wasm.open(0);
    } else shell.pass?.(due);
    if (due) wasm.seal(...lendHead());
  };
  const { send, handOver } = openTransport(cost);
  const store = openStore();
  const leave = () => {
    for (let length; (length = wasm.next(1)); ) {
      const bytes = bytesOf(length);
      const events = wasm.handed(handOver(bytes));
      if (events) store?.put(bytes, events);
    }
  };

  // --- When.
  const idle = self.requestIdleCallback || setTimeout;
  let scheduled, timer, frame, watching;
  // Until the first frame is confirmed, what is attached was attached by the hook's last mutation.
  let firstFrame = hook.mutatedAt;
  const observer = new MutationObserver(() => paint());
  const paint = () => {
    frame = frame || requestAnimationFrame(guarded(() => {
      const isReady = wasm.is_undecided() && ready();
      const risen = countPainted(PAINTED);
      // A task posted from an animation frame runs after that frame was painted.
      setTimeout(() => {
        frame = 0;
        frameIsPainted(isReady, risen);
      });
    }));
  };
  const frameIsPainted = guarded((isReady, risen) => {
    tick();
    wasm.painted(isReady, risen, firstFrame < 0 ? now() : firstFrame);
    firstFrame = -1;
    run();
  });
  const run = measured(() => {
    scheduled = 0;
    clearTimeout(timer);
    takeIn();
    wasm.run(wasm.is_undecided() && ready() ? firstFrame : -1, lendTouched());
    seal();
    remember(words[NEXT_SEQ] + wasm.owes());
    const length = hidden ? leave() : wasm.next();
    if (length) {
      send(bytesOf(length)).then(guarded(([status, retryAfter]) => {
        tick();
        wasm.answered(status, retryAfter, Math.random() * 1024);
        hook.wake();
        // The collector is well: it has taken one of ours.
        if (status && status < 300) store?.drain(send, () => !hidden && !hook.stopped).catch(failed);
      }));
    }
    const wait = wasm.wait();
    if (wait >= 0) timer = setTimeout(run, shell.hold ? wait + 200 : wait);
    if (watching !== (watching = wasm.watching())) {
      if (watching) {
        observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'id'] });
        paint();
      } else observer.disconnect();
    }
  });
  hook.wake = () => {
    if (scheduled) return;
    scheduled = 1;
    countPainted(BEFORE);
    idle(run, { timeout: 200 });
  };
  const hide = measured(() => {
    vitalsLeave();
    takeEntries();
    takeIn();
    tell('leaving');
    tellCost();
    countPainted(PAINTED);
    wasm.hide(ready(), lendTouched());
    seal(1);
  });
  const show = measured(() => {
    store?.takeBack();
    userIsThere();
    wasm.show();
  });
  hook.lifecycle = (what) => {
    hidden = what !== 'show';
    if (hidden) hide();
    else show();
    run();
  };
  hook.mutations.disconnect();
  hook.undo.push(() => {
    clearTimeout(timer);
    observer.disconnect();
    store?.forget();
    forgetVisit();
  });

  countPainted(BEFORE);
  watchVitals();
  const takeEntries = watchCalls(load);
  tapStreams();
  if (words[DETAILS]) for (const watch of [watchClicks, watchResources, watchLongTasks]) guarded(watch)();
  // A page restored from memory is a view of its own; what the one before had to say is sealed as its own.
  listen(self, 'pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    seal(1);
    hook.view = hex(crypto.getRandomValues(new Uint8Array(16)));
    hook.rev = hook.reported = words[NEXT_SEQ] = 0;
    firstFrame = -1;
    complete = 1;
    beginVisit(1);
    forgetCalls();
    forgetErrors();
    forgetFacts();
    tick();
    wasm.restore(timeStamp);
    vitalsRestored(timeStamp);
    tell('restored', timeStamp);
    run();
  });
  const wake = () => hook.wake();
  if (document.readyState !== 'complete') listen(self, 'load', () => setTimeout(wake));
  if (ofKind('navigation')) {
    for (const name of ['pushState', 'replaceState']) {
      after(history, name, wake);
    }
    listen(self, 'popstate', wake);
  }
  if (store?.keys()[0]) wasm.distrust();
  const call = (name, given) => {
    if (name === 'beforeSend') shell.hold = 1;
    // What the page does next comes after what it has said, unless the module is too long in coming.
    waits = now() + PATIENCE_MS;
    load('api', (api) => api[name](...given)).then(() => {
      waits = 0;
      wake();
    });
  };
  // A new route holds from now on, and modules listen in on its being set.
  const own = {
    setRoute(template) {
      setRoute(template);
      wake();
    },
  };
  hook.api = new Proxy(own, { get: (api, name) => api[name] || ((...given) => call(name, given)) });
  hook.calls?.splice(0).forEach(([name, given]) => hook.api[name](...given));
  // Who comes when the page was hidden says at once what there is to say. A prerendered page will be shown.
  const caughtUp = () => hidden && !document.prerendering && !hook.lifecycle('hide');
  if (config.debug) load('debug');
  if (config.consoleErrors && words[DETAILS]) load('console');
  idle(shell.more, { timeout: 1000 });
  // Modules are there by now, or never.
  setTimeout(guarded(() => {
    kept = 0;
    tellCost();
  }), KEPT_MS);
  // Hidden before we came: the hook has spoken of the page, the vitals are ours to tell.
  caughtUp() || run();
}
