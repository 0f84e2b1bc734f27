// Builds one release of the front end. Its backend URL (VITE_CHAT_SERVER_URL) is inlined, as in the real
// application: RELEASE=1 VITE_CHAT_SERVER_URL=http://api.movieguru.test vite build --outDir dist/release-1

import { existsSync } from 'node:fs'

import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

import { sightlineConfig } from './sightline.config.js'

export default defineConfig(async () => ({
  plugins: [...(await probe()), vue()],
  build: { emptyOutDir: true },
}))

/** The probe's plug-in, or nothing with SIGHTLINE=off: that build must not even need the package to exist. */
async function probe() {
  if (process.env.SIGHTLINE === 'off') return []
  const pluginUrl = new URL('../../probe-wasm/pkg/vite.js', import.meta.url)
  if (!existsSync(pluginUrl)) {
    throw new Error('The probe is not built: `cargo xtask build` builds it, SIGHTLINE=off does without.')
  }
  const { default: sightline } = await import(pluginUrl.href)
  return [
    sightline(
      sightlineConfig({
        release: process.env.RELEASE ?? '1',
        backendUrl: process.env.VITE_CHAT_SERVER_URL,
      }),
    ),
  ]
}
