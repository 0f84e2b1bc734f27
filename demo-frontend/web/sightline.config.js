// What the probe is told about Movie Guru: where its routes are ready, which answers carry a verdict in their
// body, and which user journeys there are. Nothing in the application itself mentions the probe.

/** The literal every pod replaces by its own name while serving index.html. */
const DEPLOYMENT_PLACEHOLDER = '__SIGHTLINE_DEPLOYMENT__'

/**
 * @param {{ release: string, backendUrl: string | undefined }} build what this build is called and which backend it calls
 * @returns the plug-in's configuration object
 */
export function sightlineConfig({ release, backendUrl }) {
  return {
    app: 'movie-guru-web',
    collector: 'http://collector.sightline.test',
    release,
    deployment: DEPLOYMENT_PLACEHOLDER,
    // Unset is a fault of its own (calls go to "undefined/login" on the page's origin): leave it out then.
    ...(backendUrl ? { backendOrigin: new URL(backendUrl).origin } : {}),
    expectedBackendOrigins: ['http://api.movieguru.test'],
    mount: '#app',
    ready: { '/': '.chat-box', '/login': '.login-form', '/about': '.about' },
    requests: [
      // A chat answer fails with HTTP 200 when its result says so.
      { match: 'POST /chat', json: true, field: 'result', good: ['SUCCESS', 'UNSAFE'], limitMs: 30_000 },
      { match: 'GET /startup', json: true },
      { match: 'GET /history', json: true },
      { match: 'POST /login', json: true },
      { match: 'POST /preferences', json: true },
    ],
    journeys: [
      {
        name: 'access_app',
        failedPage: true,
        start: [{ click: '.sign-in' }, { load: 'GET /startup' }],
        end: { request: 'GET /startup', painted: '.featured-film' },
        needs: ['POST /login'],
        limitMs: 30_000,
      },
      {
        name: 'chat',
        start: [{ request: 'POST /chat' }],
        end: { request: 'POST /chat', painted: '.bubble-agent' },
        limitMs: 30_000,
      },
      {
        name: 'update_preferences',
        start: [{ request: 'POST /preferences' }],
        end: { request: 'POST /preferences' },
        limitMs: 30_000,
      },
    ],
  }
}
