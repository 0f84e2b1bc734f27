// Bytes leave for the collector: by fetch with keepalive while the page lives, by sendBeacon when it is
// being hidden. No header is set and the body has no type, so no preflight is made. A shell's task: the
// same in wasm, with its futures and request objects, weighs five kilobytes.

// Resolves to [HTTP status or 0, milliseconds of Retry-After or 0]; never rejects.
export const send = (hook, endpoint, body) =>
  hook.fetch(endpoint, { method: 'POST', body, keepalive: true, credentials: 'omit' }).then(
    (answer) => {
      const said = [answer.status, 1000 * answer.headers.get('retry-after') || 0];
      // An unread body holds the browser's keepalive quota.
      return answer.arrayBuffer().then(
        () => said,
        () => said,
      );
    },
    () => [0, 0],
  );

// Whether the browser took it.
export const handOver = (endpoint, body) => {
  try {
    return navigator.sendBeacon(endpoint, body);
  } catch {
    return false;
  }
};
