// Who is signed in. Kept in localStorage under the real application's key, so that a reload stays signed in.

import { reactive, watch } from 'vue'

const STORAGE_KEY = 'vuex'

export const session = reactive({ user: storedUser() })

export function signIn(email) {
  session.user = { loggedIn: true, email, accessToken: '' }
}

export function signOut() {
  session.user = signedOut()
}

// Synchronous: a sign-out is followed by a reload in the same task.
watch(session, () => localStorage.setItem(STORAGE_KEY, JSON.stringify(session)), { deep: true, flush: 'sync' })

function storedUser() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY))?.user ?? signedOut()
  } catch {
    return signedOut()
  }
}

function signedOut() {
  return { loggedIn: false, email: '', accessToken: '' }
}
