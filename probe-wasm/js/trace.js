// An add-on for pages with traceOrigins, inline and right after the early hook: gives calls to these origins, and to no
// others, a `traceparent` (https://www.w3.org/TR/trace-context/) and tells the hook its trace id. Wraps what the hook has
// wrapped, so that the hook sees the call as it is made. A call that has a traceparent keeps it.
(() => {
  const win = globalThis;
  const install = (hook) => {
    const origins = hook.config.traceOrigins || [];
    const traced = (url) => {
      try {
        return !hook.stopped && origins.includes(new URL(url, document.baseURI).origin);
      } catch {
        return false;
      }
    };
    const hex = (count) => Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => (byte + 256).toString(16).slice(1)).join('');
    // The hook takes the id during the call, unless it does not observe the call.
    const during = (trace, call) => {
      hook.trace = trace;
      try {
        return call();
      } finally {
        hook.trace = '';
      }
    };
    // Sampled, because the probe tells of the call: https://www.w3.org/TR/trace-context/#sampled-flag.
    const parent = (trace) => `00-${trace}-${hex(8)}-01`;
    const traceOf = (header) => (/^[\da-f]{2}-([\da-f]{32})-/.exec(header) || ['', ''])[1];

    const wrap = (owner, name, make) => {
      const theirs = owner[name];
      const ours = (owner[name] = make(theirs));
      hook.undo.push(() => {
        if (owner[name] === ours) owner[name] = theirs;
      });
    };

    if (win.fetch) {
      wrap(win, 'fetch', (fetch) => function (input, init) {
        let trace = '';
        let args = arguments;
        try {
          const request = input instanceof Request ? input : 0;
          const options = init || {};
          // Options are copied; what a class of the page's would answer by getters would be lost, so that call is left alone.
          const plain = [Object.prototype, null].includes(Object.getPrototypeOf(options));
          if (plain && traced(request ? request.url : input)) {
            const headers = new Headers(options.headers || request.headers);
            const header = headers.get('traceparent');
            trace = traceOf(header);
            // Without CORS the browser would leave the header out.
            if (!header && (options.mode || request.mode) !== 'no-cors') {
              trace = hex(16);
              headers.set('traceparent', parent(trace));
              args =
                request && !options.headers
                  ? // A changed Request forgets its referrer: https://fetch.spec.whatwg.org/#dom-request.
                    [new Request(request, { headers, referrer: request.referrer, referrerPolicy: request.referrerPolicy }), init]
                  : [input, { ...options, headers }];
            }
          }
        } catch {
          // What is wrong with the call is the browser's to say.
          trace = '';
          args = arguments;
        }
        return during(trace, () => fetch.apply(this, args));
      });
    }

    const xhr = XMLHttpRequest.prototype;
    const calls = new WeakMap();
    wrap(xhr, 'open', (open) => function (method, url) {
      const result = open.apply(this, arguments);
      calls.set(this, { url, header: '' });
      return result;
    });
    // Set twice, a header would hold both values.
    wrap(xhr, 'setRequestHeader', (set) => function (name, value) {
      const result = set.apply(this, arguments);
      const call = calls.get(this);
      if (call && /^traceparent$/i.test(name)) call.header = String(value);
      return result;
    });
    wrap(xhr, 'send', (send) => function () {
      const call = calls.get(this);
      let trace = '';
      if (call && traced(call.url)) {
        trace = traceOf(call.header);
        if (!call.header) {
          try {
            const drawn = hex(16);
            this.setRequestHeader('traceparent', parent(drawn));
            trace = drawn;
          } catch {
            // Not opened: send says so.
          }
        }
      }
      return during(trace, () => send.apply(this, arguments));
    });
  };

  const hook = win.__sightline;
  if (!hook) return;
  if (hook.undo) return install(hook);
  // Waiting for consent: the hook is another one then.
  const { start } = hook;
  hook.start = () => {
    start();
    if (win.__sightline) install(win.__sightline);
  };
})();
