// Time in which the page could not respond: enter long animation frames, or long tasks where the browser
// knows no frames, leave their number, the time beyond 50 ms and the worst with its script. What the script
// did, it does not know.
import { fact } from './facts.js';
import { cut, later, observe, on, tells } from './ground.js';
import { address } from './rules.js';

export const watchLongTasks = () => {
  const frames = tells('long-animation-frame');
  let count = 0;
  let blocking = 0;
  let worst = 0;

  const flush = () => {
    if (!count) return;
    const [{ sourceURL, invoker = '' } = {}] = [...(worst.scripts || [])].sort((a, b) => b.duration - a.duration);
    fact(
      12, worst.startTime, 0, frames, count, blocking, worst.duration, address(sourceURL),
      // An address, or what is known by one, or an element with its id, or the name of a function.
      cut(/[/=]/.test(invoker) ? address(invoker) : invoker.replace(/#[^.]*(\d{5}|@)[^.]*/, '')),
    );
    count = blocking = worst = 0;
  };

  observe(frames ? 'long-animation-frame' : 'longtask', (entries) => {
    if (!count) later(10000, flush);
    for (const entry of entries) {
      const { duration, blockingDuration = duration - 50 } = entry;
      count++;
      blocking += Math.max(0, blockingDuration);
      if (!(duration <= worst.duration)) worst = entry;
    }
  });
  on('leaving', flush);
};
