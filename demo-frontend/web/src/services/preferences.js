// Saving what the user likes and dislikes.

import { fetch } from 'whatwg-fetch'

import { callOptions, ensureOk } from './request.js'

/** @param content `{likes, dislikes}` */
export async function savePreferences(content) {
  const url = import.meta.env.VITE_CHAT_SERVER_URL + '/preferences'
  const response = ensureOk(await fetch(url, callOptions('POST', { content })))
  await response.json()
}
