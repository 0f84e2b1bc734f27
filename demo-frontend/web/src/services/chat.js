// The conversation with the agent: its start, its past and its messages.

import { fetch } from 'whatwg-fetch'

import { callOptions, ensureOk } from './request.js'

/** @returns the agent response that opens the home view: `context` are the featured films */
export async function startup() {
  const response = await fetch(import.meta.env.VITE_CHAT_SERVER_URL + '/startup', callOptions('GET'))
  return ensureOk(response).json()
}

/** @returns `[{role, content}]`, role `user`, `agent` or `system` */
export async function history() {
  const response = await fetch(import.meta.env.VITE_CHAT_SERVER_URL + '/history', callOptions('GET'))
  return ensureOk(response).json()
}

/** @returns the agent response; `result` tells how it went, whatever the HTTP status */
export async function sendMessage(content) {
  const response = await fetch(import.meta.env.VITE_CHAT_SERVER_URL + '/chat', callOptions('POST', { content }))
  return ensureOk(response).json()
}

/** Forgets the conversation; answered by 204 without a body. */
export async function clearHistory() {
  ensureOk(await fetch(import.meta.env.VITE_CHAT_SERVER_URL + '/history', callOptions('DELETE')))
}
