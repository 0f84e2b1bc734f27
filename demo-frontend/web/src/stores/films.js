// What /startup and /chat say about films and tastes, shared by the three panels of the home view.

import { reactive } from 'vue'

import { startup } from '../services/chat.js'

export const films = reactive({
  /** Films of the last /startup answer. */
  featured: [],
  /** Films the last chat answer talks about. */
  discussed: [],
  preferences: { likes: {}, dislikes: {} },
})

/** Fetches featured films and preferences; a failure is a line in the console and nothing on the page. */
export async function loadStartup() {
  try {
    const answer = await startup()
    films.featured = answer.context
    takePreferences(answer)
  } catch (error) {
    console.error('startup failed', error)
  }
}

/** A late answer overwrites what the user did meanwhile: a chip deleted before it comes back. */
export function takePreferences(answer) {
  if (answer.preferences) films.preferences = answer.preferences
}
