// What every backend call has in common. `fetch` is whatwg-fetch's, hence an XMLHttpRequest with
// `responseType = 'blob'`; there is no time limit anywhere, as in the real application.

import { session } from '../stores/session.js'

/** @returns the options of one call: always credentials, the `user` header and a JSON content type, hence a preflight */
export function callOptions(method, { user = session.user.email, content } = {}) {
  return {
    method,
    credentials: 'include',
    headers: { 'Content-Type': 'application/json', user },
    ...(content === undefined ? {} : { body: JSON.stringify({ content }) }),
  }
}

/** Turns an HTTP error into an exception; the answer's body stays unread. */
export function ensureOk(response) {
  if (!response.ok) throw new Error(`Response status: ${response.status}`)
  return response
}
