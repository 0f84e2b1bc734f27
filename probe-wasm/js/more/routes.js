// Routes shown without loading a document: enter the browser's soft-navigation entries, changes of the
// history, the application's word, requests and changes of the DOM; leaves one RouteView each, with the
// time until nothing was asked for or changed for half a second. What changed, it does not look at.

export const routes = (shell) => {
  const PLATFORM = 0;
  const HISTORY = 1;
  const POP = 2;
  const API = 3;
  const QUIET_MS = 500;
  const LIMIT_MS = 15000;
  const { after, hook, later, now } = shell;
  const installed = now();
  // The last requests as [id, begun, ended].
  let calls = [];
  let route, named, timer;
  let shown = shell.route();
  let before = 0;
  let changed = 0;

  // A fragment is a place within a route, unless it is written as a path.
  const place = () => [location.pathname + (/^#[!/]/.test(location.hash) ? location.hash : ''), location.search];
  let [path, search] = place();

  const observer = new MutationObserver(() => {
    changed = now();
  });
  const rest = () => {
    observer.disconnect();
    clearTimeout(timer);
  };
  hook.undo.push(rest);

  const mine = () => calls.filter(([, begun]) => begun >= route.at);
  const report = () => route.tell(route.at, route.to, route.from, route.trigger, route.until - route.at, route.settled, route.requests);
  const stand = (until) => {
    if (!route || route.ended) return;
    route.until = until;
    route.requests = mine().length;
    report();
  };
  const end = (until) => {
    stand(until);
    rest();
    if (route) route.ended = 1;
  };

  const settle = () => {
    const time = now();
    const last = Math.max(route.at, changed, ...mine().map(([, , ended]) => ended || time));
    const left = QUIET_MS - (time - last);
    if (time - route.at >= LIMIT_MS) end(route.at + LIMIT_MS);
    // What has not been drained yet may be a request.
    else if (left > 0 || hook.queue.length) timer = later(Math.max(left, 50), settle);
    else {
      route.settled = 1;
      end(last);
    }
  };

  const begin = (trigger, at) => {
    end(at);
    before = route ? route.at : 0;
    named = 0;
    route = { tell: shell.teller(9), at, from: shown, to: (shown = shell.route()), trigger, settled: 0 };
    observer.observe(document, { childList: true, subtree: true, characterData: true });
    timer = later(QUIET_MS, settle);
  };

  const moved = (trigger, replaced, at = now()) => {
    const [was, asked] = [path, search];
    [path, search] = place();
    if (path !== was || (!replaced && search !== asked)) begin(trigger, at);
  };

  after(History.prototype, 'pushState', () => moved(HISTORY));
  after(History.prototype, 'replaceState', () => moved(HISTORY, 1));
  for (const type of ['popstate', 'hashchange']) shell.listen(window, type, () => moved(POP));

  // The entry comes with the paint, later than the change, and begins with the interaction that led to it.
  shell.observe('soft-navigation', (entries) => {
    for (const { startTime } of entries) {
      if (route && startTime <= route.at && startTime >= before) {
        route.at = startTime;
        route.trigger = PLATFORM;
        if (route.ended) report();
      } else if (startTime >= installed) moved(PLATFORM, 0, startTime);
    }
  }, { buffered: true });

  shell.take('r', (at, id) => {
    calls = calls.concat([[id, at]]).slice(-100);
  });
  // Headers, then the body as far as the page reads it whole.
  for (const kind of ['e', 'b']) {
    shell.take(kind, (at, id) => {
      calls.find((call) => call[0] === id)[2] = at;
    });
  }

  // Told as it stands; it goes on should the page come back.
  shell.on('leaving', () => stand(now()));
  shell.on('restored', () => {
    rest();
    route = 0;
  });

  // The application names the route it has just changed to, or changes it without an address.
  after(hook.api, 'setRoute', () => {
    const to = shell.route();
    if (route && !route.ended && !named) route.to = shown = to;
    else if (to !== shown) begin(API, now());
    named = 1;
  });
};
