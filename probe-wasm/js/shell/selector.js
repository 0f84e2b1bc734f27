// How an element is named to people: tags, ids and classes from the element up, never text or values.
import { cut } from './ground.js';

export const selector = (element) => {
  const parts = [];
  for (; element && element.tagName && parts.length < 6; element = element.parentElement) {
    const { id, classList, tagName } = element;
    // Long numbers and addresses in ids are about somebody.
    const named = id && !/\d{5}|@/.test(id);
    parts.unshift(named ? '#' + id : [tagName.toLowerCase(), ...[...classList].slice(0, 3)].join('.'));
    if (named) break;
  }
  return cut(parts.join('>'), 256);
};
