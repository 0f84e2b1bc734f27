// Bytes leave for the collector: by fetch with keepalive while the page lives, by sendBeacon when it is
// being hidden. No header is set and the body has no type, so no preflight is made. A shell's task: the
// same in wasm, with its futures and request objects, weighs five kilobytes.

// What the browser grants all keepalive requests of a page together, in bytes.
const KEEPALIVE = 65536;
// A collector that failed so often in a row is left for the other, if there is one.
const PATIENCE = 2;

const keyed = (collector, app) => collector.replace(/\/?$/, '/v1/beacons/') + app;

export const openTransport = ({ fetch, endpoint, config }) => {
  const endpoints = [endpoint];
  if (config.fallbackCollector) endpoints.push(keyed(config.fallbackCollector, config.app));
  let current = 0;
  let failures = 0;
  let flying = 0;
  return {
    // Resolves to [HTTP status or 0, milliseconds of Retry-After or 0]; never rejects.
    send(body) {
      const size = body.length;
      flying += size;
      return fetch(endpoints[current], { method: 'POST', body, keepalive: flying <= KEEPALIVE, credentials: 'omit' })
        .then(
          (answer) => {
            const said = [answer.status, 1000 * answer.headers.get('retry-after') || 0];
            // An unread body holds the browser's keepalive quota.
            return answer.arrayBuffer().then(
              () => said,
              () => said,
            );
          },
          () => [0, 0],
        )
        .then((said) => {
          flying -= size;
          failures = said[0] && said[0] < 500 ? 0 : failures + 1;
          if (failures >= PATIENCE) current = (current + 1) % endpoints.length;
          return said;
        });
    },
    // Whether the browser took it.
    handOver(body) {
      try {
        return navigator.sendBeacon(endpoints[current], body);
      } catch {
        return false;
      }
    },
  };
};
