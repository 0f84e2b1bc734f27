// Numbers and times as people read them.

// Rounded down, so that only a full million shows as 100%.
export function percent(ppm) {
  if (ppm === null || ppm === undefined) return 'no data';
  return ppm === 1_000_000 ? '100%' : `${(Math.floor(ppm / 1000) / 10).toFixed(1)}%`;
}

export function count(number) {
  return number.toLocaleString('en');
}

export function plural(number, word, many = `${word}s`) {
  return `${count(number)} ${number === 1 ? word : many}`;
}

export function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

export function ago(ms) {
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1000));
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

export function day(ms) {
  return new Date(ms).toLocaleDateString('en-GB');
}

export function duration(ms) {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export function micros(us) {
  return us < 10_000 ? `${us / 1000} ms` : duration(Math.round(us / 1000));
}

export function bytes(number) {
  if (number < 1000) return `${number} B`;
  return number < 1e6 ? `${(number / 1e3).toFixed(1)} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

export function words(name) {
  return name.replaceAll('_', ' ');
}

// What each outcome counts as, for its colour; the figures themselves come classified.
const TONES = {
  ready: 'good', success: 'good', ok: 'good',
  blank: 'bad', broken: 'bad-2', incomplete: 'bad-3', failed: 'bad', hung: 'bad-2',
  unreachable: 'bad', timeout: 'bad-2', wrong_content: 'bad-2', blocked: 'bad-3',
  http_error: 'warn', app_error: 'warn', abandoned: 'quiet', aborted: 'quiet',
  open: 'good', closed: 'good', lost: 'bad', connecting: 'quiet',
};

export function tone(outcome) {
  return TONES[outcome] ?? 'quiet';
}
