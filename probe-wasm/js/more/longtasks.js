// Time in which the page could not respond: enter long animation frames, or long tasks where the browser
// knows no frames, leave their number, the time beyond 50 ms and the worst with its script. What the script
// did, it does not know.
import { address, later } from './tell.js';

export const longTasks = (shell) => {
  const frames = PerformanceObserver.supportedEntryTypes.includes('long-animation-frame');
  let count = 0;
  let blocking = 0;
  let worst = 0;

  const flush = () => {
    if (!count) return;
    const [{ sourceURL, invoker = '' } = {}] = [...(worst.scripts || [])].sort((a, b) => b.duration - a.duration);
    shell.fact(
      12, worst.startTime, 0, +frames, count, blocking, worst.duration, address(shell, sourceURL),
      // An address, or what is known by one, or an element with its id, or the name of a function.
      shell.cut(/[/=]/.test(invoker) ? address(shell, invoker) : invoker.replace(/#[^.]*(\d{5}|@)[^.]*/, ''), 128),
    );
    count = blocking = worst = 0;
  };

  shell.observe(frames ? 'long-animation-frame' : 'longtask', (entries) => {
    if (!count) later(shell, 10000, flush);
    for (const entry of entries) {
      const { duration, blockingDuration = duration - 50 } = entry;
      count++;
      blocking += Math.max(0, blockingDuration);
      if (!(duration <= worst.duration)) worst = entry;
    }
  }, { buffered: true });
  shell.on('leaving', flush);
};
