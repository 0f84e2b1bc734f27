// Connections that stay open: enter the hook's tuples of WebSockets and event sources and the objects
// themselves, leaves one event each, told when it opened, failed or ended and as it stands when the page is
// left. Of messages only the times are known. What cannot be seen: what passed before this module came, the first
// message then is 0; an event source's events of a name that nobody has listened to since.

export const sockets = (shell) => {
  const CONNECTING = 0;
  const OPEN = 1;
  const FAILED = 2;
  const CLOSED = 3;
  const LOST = 4;
  const PROVISIONAL = 0;
  const FINAL = 1;
  const KEPT = 50;
  const { after, guarded, hook, later, now, wrap } = shell;
  // Those not over, by their objects.
  const live = new Map();

  const heard = ({ currentTarget }) => {
    const one = live.get(currentTarget);
    if (!one) return;
    const at = now();
    if (one.received++) one.gap = Math.max(one.gap, at - one.last);
    else one.first = at;
    one.last = at;
  };
  hook.undo.push(() => {
    for (const [socket, { names }] of live) names.forEach((name) => socket.removeEventListener(name, heard));
  });

  const meet = (socket) => {
    if (live.has(socket) || live.size >= KEPT) return;
    live.set(socket, { socket, names: ['message'], met: now(), outcome: CONNECTING, received: 0, sent: 0, first: 0, gap: 0, open: 0, reconnects: 0, tell: shell.teller(13) });
    socket.addEventListener('message', heard);
  };

  const tell = (one, outcome, finality, at, code = 0) => {
    const wait = one.first && one.met <= one.opened ? one.first - one.opened : 0;
    one.outcome = outcome;
    one.tell(
      one.at, one.kind, one.origin, one.route, one.expected, outcome, finality, code, (one.ready || at) - one.at,
      one.open + (one.since ? at - one.since : 0), one.received, one.sent, wait, Math.max(one.gap, wait), one.reconnects,
    );
    if (finality) live.delete(one.socket);
  };
  const stand = (one) => one.at && tell(one, one.closed ? CLOSED : one.outcome, one.closed ? FINAL : PROVISIONAL, one.closed || now());

  shell.take('w', (at, id, how, url, socket) => {
    meet(socket);
    const { origin, pathname } = new URL(socket.url);
    Object.assign(live.get(socket), { id, at, kind: +(how === 'EventSource'), origin, route: shell.template(pathname), expected: +shell.expected(origin.replace(/^ws/, 'http')) });
  });

  shell.take('o', (at, id, type, code) => {
    const one = [...live.values()].find((other) => other.id === id);
    if (type === 'open') {
      if (one.opened) one.reconnects++;
      else one.opened = one.ready = at;
      one.since = at;
      return tell(one, OPEN, PROVISIONAL, at);
    }
    // A WebSocket's error says nothing that its end will not say.
    if (type === 'error' && !one.kind) return;
    if (one.since) one.open += at - one.since;
    one.since = 0;
    one.ready = one.ready || at;
    // Ended in order: by both, by leaving, without a code, or with one of the application's own (RFC 6455, 7.4).
    const how = !one.opened ? FAILED : /^(1000|1001|1005|[34]...)$/.test(code) ? CLOSED : LOST;
    // An event source that the browser has not given up is about to be made anew.
    tell(one, how, one.kind && one.socket.readyState < 2 ? PROVISIONAL : FINAL, at, code);
  });

  after(WebSocket.prototype, 'send', (socket) => live.get(socket).sent++);
  // Events with a name of their own are no messages: heard are those the page listens to.
  after(EventSource.prototype, 'addEventListener', (socket, [name]) => {
    const { names } = live.get(socket);
    if (/^(open|error)$/.test(name) || names.includes(name)) return;
    names.push(name);
    socket.addEventListener(name, heard);
  });
  // No event tells of it. What the hook noted of this connection is drained first.
  after(EventSource.prototype, 'close', (socket) => {
    const one = live.get(socket);
    one.closed = one.closed || now();
    later(1000, () => stand(one));
  });

  // The hook's tuple comes when the page has time, the first message perhaps before.
  for (const name of ['WebSocket', 'EventSource']) {
    wrap(self, name, (theirs) => new Proxy(theirs, {
      construct(...given) {
        const socket = Reflect.construct(...given);
        guarded(meet)(socket);
        return socket;
      },
    }));
  }

  shell.on('leaving', () => [...live.values()].forEach(stand));
};
