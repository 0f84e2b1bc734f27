// The early hook: synchronous, first in <head>, before any other script. It notes what happens before
// the wasm core is there and hands it over as plain tuples; if the core never comes, it sends one
// minimal JSON beacon itself. It knows no journeys and classifies nothing else.
//
// Tuples are [kind, time, ...], times in ms since the start of the navigation:
//   r id method url             a request is sent
//   e id how status type body   it ended; how: load | error | abort | timeout; body: what holds the answer
//   b id value                  the page read a fetch answer's body
//   s url                       a script or module failed to load
//   p message                   a lazy chunk failed to load (Vite says so)
//   x message source            an uncaught error
//   j message                   an unhandled rejection
//   v directive uri             a violation of the content security policy
//   c element                   a click
//   n id duration               an event of an interaction, for interaction to next paint
(function install(script, agreed) {
  const win = window;
  const doc = document;
  // A second copy on one page would count everything twice.
  if (win.__sightline) return;
  const config = win.__sightlineConfig || {};
  // Nothing is noted, drawn or sent before the user has agreed.
  if (config.consent === 'required' && !agreed) {
    win.__sightline = {
      start() {
        win.__sightline = null;
        install(script, true);
      },
      stop() {},
    };
    return;
  }
  const nativeFetch = win.fetch;
  const now = () => performance.now();
  const random = new Uint8Array(16);
  crypto.getRandomValues(random);

  const hook = (win.__sightline = {
    view: Array.from(random, (byte) => (byte + 256).toString(16).slice(1)).join(''),
    config,
    queue: [],
    dropped: 0,
    // The next beacon and the next event; 0 and 1 are the page and the journey it stands for.
    seq: 0,
    n: 2,
    // Beacons sent by the hook alone, and the first event number they do not cover.
    rev: 0,
    reported: 0,
    core: 'not_yet',
    hiddenAt: doc.visibilityState === 'hidden' ? 0 : -1,
    mutatedAt: agreed ? now() : 0,
    fetch: nativeFetch && nativeFetch.bind(win),
    // Global Privacy Control: nothing is stored, and only outcomes and counts leave.
    gpc: navigator.globalPrivacyControl === true,
    stopped: false,
    // What stop() takes back, the core's part of it too.
    undo: [],
    start() {},
    // For the rest of this document.
    stop() {
      hook.stopped = true;
      hook.wake = null;
      for (const takeBack of hook.undo.splice(0)) takeBack();
    },
    // Set by the core.
    wake: null,
    lifecycle: null,
  });
  const { queue, undo } = hook;

  const push = (...tuple) => {
    if (hook.stopped) return;
    if (queue.length < 500) queue.push(tuple);
    else hook.dropped++;
    if (hook.wake) hook.wake();
  };

  const resolve = (url) => {
    try {
      return new URL(url, doc.baseURI).href;
    } catch {
      return '';
    }
  };
  const beacons = resolve(config.collector || '/').replace(/\/?$/, '/v1/beacons/');

  hook.endpoint = beacons + config.app;

  // Returns the request's event number, or 0 for what is not to be observed.
  const sent = (method, url) => {
    const address = resolve(url);
    if (hook.stopped || !/^http/.test(address) || address.startsWith(beacons)) return 0;
    const id = hook.n++;
    push('r', now(), id, String(method || 'GET').toUpperCase(), address);
    return id;
  };

  // Puts ours in the place of theirs. Who wrapped it after us keeps ours, which then only passes on.
  const wrap = (owner, name, make) => {
    const theirs = owner[name];
    const ours = (owner[name] = make(theirs));
    undo.push(() => {
      if (owner[name] === ours) owner[name] = theirs;
    });
  };

  // --- XMLHttpRequest: the page's own call comes first, so its errors stay its own.
  const opened = new WeakMap();
  const xhr = XMLHttpRequest.prototype;
  wrap(xhr, 'open', (open) => function (method, url) {
    const result = open.apply(this, arguments);
    opened.set(this, [method, url]);
    return result;
  });
  wrap(xhr, 'send', (send) => function () {
    const how = opened.get(this);
    const id = how ? sent(how[0], how[1]) : 0;
    if (id) {
      let ended = 0;
      const end = ({ type }) => {
        if (ended++) return;
        let contentType;
        try {
          contentType = this.getResponseHeader('content-type');
        } catch {}
        push('e', now(), id, type, this.status, contentType || '', this);
      };
      for (const type of ['load', 'error', 'abort', 'timeout']) this.addEventListener(type, end);
    }
    return send.apply(this, arguments);
  });

  // --- fetch: the page gets the same answer; nothing is cloned.
  const answers = new WeakMap();
  if (nativeFetch) {
    wrap(win, 'fetch', () => function (input, init) {
      let id = 0;
      try {
        const request = typeof input === 'object' && input.url ? input : 0;
        id = sent((init && init.method) || request.method, request ? request.url : input);
      } catch {}
      const promise = nativeFetch.apply(this, arguments);
      return id
        ? promise.then(
            (answer) => {
              answers.set(answer, id);
              push('e', now(), id, 'load', answer.status, answer.headers.get('content-type') || '', 0);
              return answer;
            },
            (error) => {
              const how = error && error.name;
              push('e', now(), id, how === 'AbortError' ? 'abort' : how === 'TimeoutError' ? 'timeout' : 'error', 0, '', 0);
              throw error;
            },
          )
        : promise;
    });
    for (const name of ['json', 'text', 'blob', 'arrayBuffer']) {
      wrap(Response.prototype, name, (read) => function () {
        const promise = read.apply(this, arguments);
        const id = answers.get(this);
        return id
          ? promise.then((value) => {
              push('b', now(), id, value);
              return value;
            })
          : promise;
      });
    }
  }

  // --- What the window tells.
  const listen = (type, tuple) => {
    const heard = (event) => {
      try {
        tuple(event);
      } catch {}
    };
    win.addEventListener(type, heard, true);
    undo.push(() => win.removeEventListener(type, heard, true));
  };
  listen('error', ({ target, message, filename }) => {
    if (target && target.tagName === 'SCRIPT') push('s', now(), target.src);
    else if (message) push('x', now(), String(message), String(filename || ''));
  });
  listen('unhandledrejection', ({ reason }) => push('j', now(), String((reason && reason.message) || reason)));
  listen('vite:preloadError', ({ payload }) => push('p', now(), String((payload && payload.message) || '')));
  listen('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => push('v', now(), effectiveDirective, blockedURI));
  listen('click', ({ target }) => push('c', now(), target));

  // A late observer would miss early interactions, though it were buffered. 40 ms: two and a half frames,
  // as web-vitals has it; the first input comes however short it was.
  const timed = (entries) => {
    for (const { interactionId, startTime, duration } of entries) if (interactionId) push('n', startTime, interactionId, duration);
  };
  try {
    const events = new PerformanceObserver((list) => timed(list.getEntries()));
    hook.timed = () => timed(events.takeRecords());
    for (const type of ['event', 'first-input']) events.observe({ type, durationThreshold: 40, buffered: true });
    undo.push(() => events.disconnect());
  } catch {}

  const mutations = (hook.mutations = new MutationObserver(() => {
    hook.mutatedAt = now();
  }));
  mutations.observe(doc, { childList: true, subtree: true });
  undo.push(() => mutations.disconnect());

  // --- The hook's own beacon.
  const entry = () => performance.getEntriesByType('navigation')[0] || {};
  hook.deployment = () => {
    const named = (entry().serverTiming || []).find(({ name }) => name === 'deployment');
    const given = (script && script.dataset.deployment) || config.deployment || '';
    return named ? named.description : /^__/.test(given) ? '' : given;
  };
  // [template, ready selector] of the current route.
  hook.route = () =>
    Object.entries(config.ready || {}).find(([template]) =>
      RegExp('^' + template.replace(/:\w+/g, '[^/]+') + '/?$').test(location.pathname),
    ) || ['', 0];
  const send1 = () => {
    const [route, selector] = hook.route();
    const mount = doc.querySelector(config.mount || 'body');
    const mounted = mount && mount.childElementCount;
    const failed = queue.filter(([kind]) => kind === 's' || kind === 'p').length;
    const load = entry().loadEventStart;
    const time = now();
    const outcome = (selector ? doc.querySelector(selector) : mounted)
      ? 'ready'
      : failed
        ? mounted
          ? 'broken'
          : 'blank'
        : !load || time < load + 3000
          ? 'abandoned'
          : mounted
            ? 'incomplete'
            : 'blank';
    const rev = hook.rev++;
    const wall = (at) => Math.round(Date.now() - time + at);
    const finality = 'provisional';
    const event = (n, at, kind) => ({ n, rev, at_ms: wall(at), kind });
    const events = [
      event(0, 0, { page: { outcome, finality, decided_after_ms: Math.round(time), failed_scripts: failed } }),
    ];
    const journey = (config.journeys || []).find(({ failedPage }) => failedPage);
    if (journey && /bl|br|in/.test(outcome)) {
      events.push(event(1, 0, {
        journey: { name: journey.name, outcome: 'failed', finality, reason: 'page', duration_ms: Math.round(time), route, backend_origin: config.backendOrigin || '' },
      }));
    }
    for (const [kind, at, id, method, url] of hook.gpc ? [] : queue) {
      if (kind !== 'r' || events.length > 50) continue;
      const end = queue.find((tuple) => tuple[0] === 'e' && tuple[2] === id);
      if (end && end[3] === 'load' && end[4] < 400) continue;
      const { origin, pathname } = new URL(url);
      const how = end && end[3];
      events.push(event(id, at, {
        request: {
          method,
          backend_origin: origin,
          route: pathname.replace(/\/(\d+|(?=[^/]*[\d@])[^/]{9,})(?=\/|$)/g, '/:id'),
          expected_origin: !config.expectedBackendOrigins || config.expectedBackendOrigins.includes(origin),
          outcome: !end || how === 'abort' ? 'aborted' : how === 'timeout' ? how : how === 'error' ? 'unreachable' : 'http_error',
          finality: end ? 'final' : finality,
          status: end ? end[4] : 0,
          duration_ms: Math.round((end ? end[1] : time) - at),
        },
      }));
    }
    if (!hook.gpc) hook.reported = hook.n;
    navigator.sendBeacon(hook.endpoint, JSON.stringify({
      v: 1,
      view: hook.view,
      seq: hook.seq++,
      sent_at_ms: Date.now(),
      core: hook.core,
      page: {
        route,
        release: config.release || '',
        deployment: hook.deployment(),
        origin: location.origin,
        backend_origin: config.backendOrigin || '',
        navigation: entry().type || 'navigate',
      },
      events,
    }));
  };

  // --- Hiding and showing. The first of visibilitychange and pagehide speaks; nothing new, no word.
  let said = -1;
  const lifecycle = (what) => {
    if (hook.lifecycle) return hook.lifecycle(what);
    if (what !== 'show' && said !== hook.n + queue.length) {
      send1();
      said = hook.n + queue.length;
    }
  };
  listen('visibilitychange', () => {
    const hidden = doc.visibilityState === 'hidden';
    if (hidden && hook.hiddenAt < 0) hook.hiddenAt = now();
    if (!hidden) said = -1;
    lifecycle(hidden ? 'hide' : 'show');
  });
  for (const last of ['pagehide', 'freeze']) listen(last, () => lifecycle(last));

  // --- The core, from the bundle's origin and on failure from the collector's.
  const bases = (hook.bases = [config.core, resolve(config.collector || '/').replace(/\/?$/, '/probe/')].filter(Boolean).map(resolve));
  const load = (index) => {
    const base = bases[index];
    import(/* @vite-ignore */ base + 'core.js')
      .then((core) => core.start(hook, base))
      .then(
        () => (hook.core = 'loaded'),
        (error) => {
          if (hook.stopped) return;
          if (index + 1 < bases.length) return load(index + 1);
          if (!win.WebAssembly) hook.core = 'unsupported';
          else if (/Content Security/i.test(error) || queue.some(([kind, , directive]) => kind === 'v' && /script|connect/.test(directive))) hook.core = 'blocked';
          else {
            hook.fetch(base + 'core.js').then(
              ({ ok, headers }) => (hook.core = ok && /script/.test(headers.get('content-type')) ? 'error' : 'http'),
              () => (hook.core = 'blocked'),
            );
          }
        },
      );
  };
  let begun = 0;
  const begin = () => hook.stopped || begun++ || setTimeout(load, 0, 0);
  listen('load', ({ target }) => target === doc && begin());
  setTimeout(begin, 2000);
})(document.currentScript);
