// Optional, fetched only with `checkUnreachable`: asks once, without CORS, whether any server answers at an
// origin that gave a call no answer: the one thing a page can find out that tells a host out of reach from an
// answer it may not see. Bounded: five origins a view, each once a minute, five seconds each.
export const install = ({ hook, now }) => {
  const asked = new Map();
  return (origin, tell) => {
    const before = asked.get(origin);
    if (before ? now() - before < 60000 : asked.size > 4) return;
    asked.set(origin, now());
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 5000);
    const done = (answered) => {
      clearTimeout(timer);
      tell(answered);
    };
    hook.fetch(origin + '/', { method: 'HEAD', mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: stop.signal }).then(
      () => done(1),
      () => done(0),
    );
  };
};
