// The token of a private listener that wants one. Given as `#token=…`, which no server and no log ever
// sees; kept for this tab, taken out of the address, sent as a header.

const KEY = 'sightline-token';

const given = /^#token=(.+)$/.exec(location.hash);
if (given) {
  sessionStorage.setItem(KEY, decodeURIComponent(given[1]));
  history.replaceState(null, '', `${location.pathname}#/`);
}

export function authorization() {
  const token = sessionStorage.getItem(KEY);
  return token ? { authorization: `Bearer ${token}` } : {};
}
