// The early hook: synchronous, first in <head>, before any other script. It notes what happens before
// the wasm core is there and hands it over as tuples; if the core never comes, it says itself, in JSON,
// what it saw. It judges nothing: outcomes are drawn from its words in `beacon` and in the core.
//
// Tuples are [kind, time, ...], times in ms since the start of the navigation:
//   r id method url how trace holder address   a request is sent; how: x(hr) | f(etch) | b(eacon); holder:
//                             the XMLHttpRequest, else a fetch's abort signal; address: origin and template
//   e id how status holder    it ended; how: load | error | abort | timeout, for fetch the error's name;
//                             holder: the XMLHttpRequest, the Response or the error, for a beacon whether
//                             the browser took it; told again by an XMLHttpRequest that is used again
//   b id value fault          the page read a fetch answer's body, or failed to: the error's name
//   w id how url socket       a WebSocket or an EventSource was constructed; how: which
//   o id type code            it said open | error | close
//   n entry                   an event of an interaction, for interaction to next paint
//   type element, event       what else the window tells, as it is: 'click button', 'error script',
//                             'error undefined', 'unhandledrejection undefined'
if (!self.__sightline) {
  // A second copy on one page would count everything twice.
  let hook;
  const config = self.__sightlineConfig || {};
  const given = document.currentScript?.dataset.deployment || config.deployment || '';

  const start = () => {
    if (hook) return;
    let said;
    let begun;
    const queue = [];
    const undo = [];
    // Of an XMLHttpRequest the arguments of open() until it is sent, of a Response its request's id.
    const answers = new WeakMap();
    const now = () => performance.now();
    // No fault of ours may reach the page.
    const quietly = (tell, ...given) => {
      try {
        return tell(...given);
      } catch {}
    };
    const resolve = (url) => new URL(url, document.baseURI);
    const [endpoint, probe] = ['/v1/beacons/' + config.app, '/probe/'].map((path) => quietly(resolve, (config.collector || '').replace(/\/?$/, path))?.href);
    const bases = [(config.core && quietly(resolve, config.core)?.href) || probe, probe];
    const note = (...tuple) => {
      if (hook.stopped) return;
      if (queue[499]) hook.dropped++;
      else queue.push(tuple);
      hook.wake?.();
    };

    // Puts ours in the place of theirs, a proxy, so that it has the same name, length, statics and
    // prototype. `before` is told of each call; what it returns is told the result, and the page gets the
    // same result or error. Who wrapped it after us keeps ours, which then only passes on.
    const wrap = (owner, name, before, trap = 'apply') => {
      owner = owner.prototype || owner;
      const theirs = owner[name];
      const ours = (owner[name] = new Proxy(theirs, {
        [trap](...call) {
          const after = quietly(before, ...call);
          const result = Reflect[trap](...call);
          const seen = (value, fault) => (quietly(after, value, fault), value);
          return after ? result?.then ? result.then(seen, (error) => {
            throw seen(error, error?.name || 'error');
          }) : seen(result) : result;
        },
      }));
      undo.push(() => owner[name] === ours && (owner[name] = theirs));
    };
    // Returns what takes it back. The usual types are those of requests and sockets together.
    const on = (target, tell, types = 'load error abort timeout open close') => types.split(' ').map((type) => {
      const heard = quietly.bind(self, tell);
      target.addEventListener(type, heard, true);
      return () => target.removeEventListener(type, heard, true);
    });

    // Returns what is to be told the answer. Throws for what is not to be observed, our own beacons first.
    const sent = (how, holder, method, url) => {
      const { origin, pathname, href } = resolve(url);
      if (!/^http/.test(href) || href.endsWith('/v1/beacons/' + config.app)) throw 0;
      const id = hook.n++;
      note('r', now(), id, (method || 'GET').toUpperCase(), href, how, hook.trace, holder, origin + hook.template(pathname));
      hook.trace = '';
      return (answer, how = 'load') => {
        note('e', now(), id, how, answer.status, answer);
        answers.set(answer, id);
      };
    };
    const socket = (name) => wrap(self, name, () => (socket) => {
      const id = hook.n++;
      note('w', now(), id, name, socket.url, socket);
      on(socket, ({ type, code }) => note('o', now(), id, type, code));
    }, 'construct');

    // A late observer would miss early interactions, though it were buffered.
    const timed = (entries = events.takeRecords()) => entries.map((entry) => entry.interactionId && note('n', entry.startTime, entry));
    const events = new PerformanceObserver((list) => timed(list.getEntries()));
    const mutations = new MutationObserver(() => {
      hook.mutatedAt = now();
    });
    const navigation = () => performance.getEntriesByType('navigation')[0] || {};
    const raw = (event) => note(event.type + ' ' + event.target.localName, now(), event);

    // The hook's own word: facts, from which `beacon` (wire/early.rs) draws the events. No query and no body
    // leaves; with Global Privacy Control, or a beforeSend that cannot be asked yet, only what kinds of things
    // happened. The latest calls are told, as many as there is room for below the browser's 64 KiB; of the
    // others only that they were.
    const report = () => {
      const [route, selector] = hook.route();
      const mounted = (config.mount || 'body') + '>*';
      const lacks = (selector) => !document.querySelector(selector);
      const { loadEventStart, type } = navigation();
      const tells = !(hook.gpc || config.beforeSend);
      let room = tells * 3e4;
      navigator.sendBeacon(endpoint, JSON.stringify({
        queue: [...queue].reverse().map(([kind, at, id, how, status, , , , address = status], told) => /^[er]$/.test(kind) && (room -= JSON.stringify(told = [kind, at, id, how, address]).length) > 0 ? told : kind),
        view: hook.view,
        page: { route, deployment: hook.deployment(), origin: location.origin, navigation: type },
        seq: hook.seq++,
        gpc: hook.gpc,
        config,
        core: hook.core,
        sent_at_ms: Date.now(),
        seen: [now(), loadEventStart, lacks(mounted), lacks(selector || mounted)],
        rev: hook.rev++,
        v: 1,
      }));
      if (tells) hook.reported = hook.n;
    };

    // Hiding and showing. The first of visibilitychange and pagehide speaks; nothing new, no word. Of the
    // three types only visibilitychange, last in the alphabet, can mean showing.
    const turned = ({ type }) => {
      const hides = type < 'v' || document.hidden;
      if (hides && hook.hiddenAt < 0) hook.hiddenAt = now();
      hook.lifecycle?.(hides ? type : 'show');
      // The core may trap in the midst of it.
      if (!hook.lifecycle && said !== (said = hides && queue.length) && hides) report();
    };

    // The core, from the bundle's origin and on failure from the collector's; else why it did not load. What
    // the content security policy refused has been told by the time the file itself has been asked for.
    const load = async () => {
      if (!begun) for (const base of (begun = bases)) {
        if (hook.stopped) return;
        try {
          return await (await import(/* @vite-ignore */ base + 'core.js')).start(hook, base);
        } catch {
          hook.core = await hook.fetch(base + 'core.js').then(({ headers, ok }) => !self.WebAssembly ? 'unsupported'
            : queue.some(([, , event]) => /script|connect/.test(event?.effectiveDirective)) ? 'blocked'
            : ok && /script/.test(headers.get('content-type')) ? 'error' : 'http', () => 'blocked');
        }
      }
    };

    // In the order that compresses best.
    hook = self.__sightline = {
      start,
      // Takes every hook back, for the rest of this document; what was put on top comes off first.
      stop() {
        hook.stopped = true;
        queue.length = 0;
        undo.splice(0).reverse().map((takeBack) => takeBack());
      },
      endpoint,
      // A path with its ids replaced.
      template: (path) => path.replace(/\/(\d+|(?=[^/]*[\d@])[^/]{9,})(?![^/])/g, '/:id'),
      fits: (template) => RegExp('^' + template.replace(/\W/g, '\\$&').replace(/\\:\w+/g, '[^/]+').replace(/\\\*/g, '.*') + '/?$'),
      // 128 random bits; randomUUID does not exist on plain http.
      view: crypto.getRandomValues(new Uint8Array(32)).reduce((id, byte) => id + (byte % 16).toString(16), ''),
      queue,
      config,
      core: 'not_yet',
      hiddenAt: document.hidden - 1,
      dropped: 0,
      answers,
      // The first event number that the hook's own beacons do not cover, and how many they were.
      reported: 0,
      rev: 0,
      bases,
      // The next beacon.
      seq: 0,
      note,
      // Global Privacy Control: nothing is stored, and only outcomes and counts leave.
      gpc: navigator.globalPrivacyControl,
      mutations,
      mutatedAt: now(),
      // [template, ready selector] of the current route.
      route: () => Object.entries(config.ready || {}).find(([template]) => hook.fits(template).test(location.pathname)) || [''],
      deployment: () => navigation().serverTiming?.find(({ name }) => name === 'deployment')?.description ?? given.replace(/^__.*/, ''),
      timed,
      // The next event: 0 and 1 are the page and the journey it stands for.
      n: 2,
      // What stop() takes back, the core's part of it too.
      undo,
      fetch: fetch.bind(self),
    };

    setTimeout(load, 2000);
    wrap(XMLHttpRequest, 'send', (send, xhr) => {
      const id = hook.n;
      const ended = sent('x', xhr, ...answers.get(xhr));
      on(xhr, ({ type }) => ended(xhr, type));
      // The core's look at the call before it leaves.
      hook.tap?.(id, xhr);
    });
    wrap(XMLHttpRequest, 'open', (open, xhr, args) => void answers.set(xhr, args));
    for (const name of ['json', 'text', 'blob', 'arrayBuffer']) {
      wrap(Response, name, (read, answer) => {
        const id = answers.get(answer);
        // From now on its end is told by this reading.
        answers.delete(answer);
        return id && ((value, fault) => note('b', now(), id, value, fault));
      });
    }
    undo.push(() => events.disconnect(), () => mutations.disconnect(),
      ...on(self, raw, 'error unhandledrejection vite:preloadError securitypolicyviolation click'),
      ...on(self, turned, 'visibilitychange pagehide freeze'),
      ...on(self, load, 'load'));
    wrap(Navigator, 'sendBeacon', (send, self, [url]) => sent('b', 0, 'POST', url));
    mutations.observe(document, { childList: true, subtree: true });
    wrap(self, 'fetch', (fetch, self, [input, init]) => sent('f', init?.signal || input.signal, init?.method || input.method, input.url || input));
    ['WebSocket', 'EventSource'].map(socket);
    // 40 ms: two and a half frames, as web-vitals has it; the first input comes however short it was.
    ['event', 'first-input'].map((type) => quietly(() => events.observe({ type, durationThreshold: 40, buffered: true })));
  };

  // Nothing is noted, drawn or sent before the user has agreed.
  if (config.consent === 'required') self.__sightline = { start, stop() {} };
  else start();
}
