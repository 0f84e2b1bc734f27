// The three routes. The guard trusts the browser's own storage and asks no server: a fresh visit to `/` is a
// document load followed by a client-side redirect to `/login`.

import { createRouter, createWebHistory } from 'vue-router'

import { session } from '../stores/session.js'
import HomeView from '../views/HomeView.vue'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', component: HomeView, meta: { requiresAuth: true } },
    // Both lazy: their chunks exist only on pods of the same release.
    { path: '/login', name: 'login', component: () => import('../views/LoginView.vue') },
    { path: '/about', name: 'about', component: () => import('../views/AboutView.vue') },
  ],
})

router.beforeEach((to) => {
  if (to.meta.requiresAuth && !session.user.loggedIn) return { path: '/login' }
  return true
})
