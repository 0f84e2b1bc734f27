// Entry: mounts the application. Whatever fails before this line leaves a blank page.

import { createApp } from 'vue'

import App from './App.vue'
import { router } from './router/index.js'
import './style.css'

createApp(App).use(router).mount('#app')
