// The text of the inline script: configuration, then the early hook. Safe inside <script>.

const REQUIRED = ['app', 'collector'];

/** Throws with every problem at once when the options cannot work. */
export function checked(options) {
  const problems = [];
  for (const key of REQUIRED) {
    if (typeof options?.[key] !== 'string' || !options[key]) problems.push(`${key}: a text is required`);
  }
  for (const [index, journey] of (options?.journeys ?? []).entries()) {
    const where = `journeys[${index}]${journey.name ? ` (${journey.name})` : ''}`;
    if (!journey.name) problems.push(`${where}: a name is required`);
    if (!journey.start?.length) problems.push(`${where}.start: at least one of {click}, {load}, {request} is required`);
    if (!journey.end?.request) problems.push(`${where}.end.request: a call such as "GET /startup" is required`);
  }
  for (const [index, rule] of (options?.requests ?? []).entries()) {
    if (!/^[A-Z]+ (\/|\*\/)/.test(rule.match ?? '')) {
      problems.push(`requests[${index}].match: a call such as "POST /chat" is required, got ${JSON.stringify(rule.match)}`);
    }
    if (rule.field && !rule.good?.length) {
      problems.push(`requests[${index}].good: the values of "${rule.field}" that mean success are required`);
    }
  }
  if (problems.length) throw new Error(`sightline: the configuration cannot work:\n  ${problems.join('\n  ')}`);
  return options;
}

/** The inline script for `options`; `early` is the text of early.js. */
export function inlineScript(options, early) {
  // Inside <script>, "<" could end the element or open a comment; the two separators end lines in old JavaScript.
  const json = JSON.stringify(checked(options))
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
  return `globalThis.__sightlineConfig=${json};${early}`;
}
