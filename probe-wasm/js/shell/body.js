// Reads one configured field of an answer's body, and nothing else of it. The body is text, a blob, a
// buffer or an object already parsed. Tells a text, null when the body has no such field or is not JSON,
// undefined when it cannot be read or is larger than what is looked at.
import { guarded } from './ground.js';

const LIMIT = 256 * 1024;

export const readField = (body, field, tell) => {
  const look = (value) => {
    const found = value && value[field];
    tell(typeof found === 'string' ? found : null);
  };
  const parse = (text) => look(guarded(JSON.parse)(text));
  if (body == null || (body.size || body.byteLength || body.length) > LIMIT) tell();
  else if (typeof body === 'string') parse(body);
  else if (body instanceof Blob) body.text().then(parse, () => tell());
  else if (body instanceof ArrayBuffer) parse(new TextDecoder().decode(body));
  else look(body);
};
