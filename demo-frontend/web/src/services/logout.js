// Signing out. The answer's body is not read: another server's index.html passes for a success.

import { fetch } from 'whatwg-fetch'

import { callOptions, ensureOk } from './request.js'

export async function logout() {
  ensureOk(await fetch(import.meta.env.VITE_CHAT_SERVER_URL + '/logout', callOptions('GET')))
}
