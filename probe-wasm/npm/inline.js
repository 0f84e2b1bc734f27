// The text of the inline script: configuration, then the early hook and what must be in place with it. Safe inside
// <script>. Refuses options that cannot work, with every problem at once; in a running page they cost only their rule.
import { problemsOf, worded } from './config-check.js';

/** Throws with every problem at once when the options cannot work. */
export function checked(options) {
  refuse(problemsOf(options));
  return options;
}

const refuse = (problems) => {
  if (problems.length) throw new Error(`sightline: the configuration cannot work:\n  ${problems.map(worded).join('\n  ')}`);
};

/** The inline script for `options`; `early` is the text of early.js, `trace` that of trace.js. */
export function inlineScript(options, early, trace) {
  const problems = problemsOf(options);
  const traced = Boolean(options?.traceOrigins?.length);
  if (traced && !trace) problems.push({ key: 'traceOrigins', wrong: 'trace.js is missing', right: 'its text as the third argument of inlineScript is right' });
  refuse(problems);
  // Inside <script>, "<" could end the element or open a comment; the two separators end lines in old JavaScript.
  const json = JSON.stringify(options)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
  return `globalThis.__sightlineConfig=${json};${early}${traced ? `;${trace}` : ''}`;
}
