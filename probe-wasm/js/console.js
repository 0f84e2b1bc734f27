// Errors an application writes to its console, only where it asks for them: enters what `console.error` is
// given, leaves an ErrorReport per text. Strings and errors are read, objects never: they are the
// application's contents.

export const install = (shell) => {
  const CONSOLE = 6;
  const KEPT = 20;
  const seen = new Map();
  let waiting = [];

  const flush = () => {
    for (const [at, ...given] of waiting.splice(0)) {
      const message = shell.cut(given.map((value) => value.message || value).join(' '), 512);
      const { stack = '' } = given.find((value) => value.stack) || {};
      // Its frames without queries; the message is not repeated.
      const frames = shell.cut((stack.match(/\S.*:\d+:\d+.*/g) || []).join('\n').replace(/[?#][^:)\n]*/g, ''), 1024);
      const key = message + frames;
      const error = seen.get(key) || { at, count: 0, tell: shell.teller(6) };
      if (message && (error.count || seen.size < KEPT)) {
        seen.set(key, error);
        error.tell(error.at, CONSOLE, message, '', frames, ++error.count);
      }
    }
  };

  shell.after(console, 'error', (_, given) => {
    // Read when the page has time, and no more than so many of one turn.
    if (!waiting.length) shell.later(0, flush);
    if (waiting.length < KEPT) waiting.push([shell.now(), ...[...given].filter((value) => typeof value === 'string' || value instanceof Error)]);
  });
};
