// Signing in. Used by the lazy login view alone, so its backend URL is inlined into that chunk.

import { fetch } from 'whatwg-fetch'

import { callOptions, ensureOk } from './request.js'

export async function login(email) {
  const url = import.meta.env.VITE_CHAT_SERVER_URL + '/login'
  const response = ensureOk(await fetch(url, callOptions('POST', { user: email })))
  // The value is not used, but an answer that is no JSON (another server's index.html) is a failed login.
  await response.json()
}
