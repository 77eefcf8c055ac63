import { get, Refusal, send } from './api.js'
import { areKeysOn, KEYS, listenForKeys, setKeys } from './keys.js'
import { html, nothing, render } from './lib/lit-html/lit-html.js'
import { failure, living, shownDialog } from './parts.js'
import { address, changed, followLinks, go, onMove, param, place, readPlace } from './router.js'
import { isLocal, line, zoneName } from './text.js'

/** The views by their addresses, as the navigation has them; the others are reached by links. */
const VIEWS = {
  '/': { label: 'Overview', load: () => import('./views/overview.js') },
  '/streams': { label: 'Streams', load: () => import('./views/streams.js') },
  '/dead-letters': { label: 'Dead letters', load: () => import('./views/dead-letters.js') },
  '/live': { label: 'Live', load: () => import('./views/live.js') },
  '/triggers': { label: 'Triggers', load: () => import('./views/triggers.js') },
  '/levels': { label: 'Service levels', load: () => import('./views/levels.js') },
  '/heka': { label: 'Heka', isShown: () => session?.has_heka, load: () => import('./views/heka.js') },
  '/search': { load: () => import('./views/search.js') },
  '/story': { load: () => import('./views/story.js') },
}

const root = document.getElementById('app')
/** Whether the document's own words are still there. */
let isBare = true
let session
let view
let path
let fault
let signInFault
let help = false
let isPlanned = false

/** Draws the page again, once for all that has changed until the next frame. */
function update() {
  if (isPlanned) return
  isPlanned = true
  requestAnimationFrame(() => {
    isPlanned = false
    draw()
  })
}

/** What each view is given. */
const app = {
  update,
  /** whether the token may change something */
  mayWrite: () => session?.may_write === true,
  /** Takes failures that a view cannot show in a place of its own. */
  failed(error) {
    if (error.name === 'AbortError') return
    if (error.status === 401) void readSession()
    fault = error
    update()
  },
}

async function readSession() {
  try {
    session = await get('/ui/session')
    fault = undefined
  } catch (error) {
    fault = error
  }
  update()
}

/** Shows the view of the address; one that is there already is only told that the address has changed. */
async function follow() {
  const known = VIEWS[place.path]
  if (!session?.may_read) return update()
  fault = undefined
  if (view && path === place.path) {
    view.moved?.()
    return update()
  }
  view?.stop?.()
  view = undefined
  path = place.path
  const opening = path
  update()
  if (!known) return
  try {
    const { createView } = await known.load()
    if (path !== opening) return
    view = createView(app)
    document.title = `${view.title} – StackTach`
    await view.load?.()
  } catch (error) {
    app.failed(error)
  }
  update()
}

async function signIn(event) {
  event.preventDefault()
  const token = String(new FormData(event.target).get('token') ?? '')
  try {
    session = await send('POST', '/ui/session', { token })
    signInFault = undefined
    event.target.reset()
    await follow()
  } catch (error) {
    signInFault = error
  }
  update()
}

async function signOut() {
  await send('DELETE', '/ui/session').catch(app.failed)
  view?.stop?.()
  view = path = undefined
  await readSession()
}

function search(event) {
  event.preventDefault()
  const wanted = String(new FormData(event.target).get('q') ?? '').trim()
  if (wanted !== '') go(address('/search', { q: wanted }))
}

function top() {
  const filters = Object.entries(session?.filters ?? {})
  return html`<a class="skip" href="#main">Skip to the content</a>
  <header class="top">
    <a class="brand" href=${address('/')}>StackTach</a>
    <form role="search" @submit=${search}>
      <label class="unseen" for="search">Search: uuid, request, tenant, event type or trait:value</label>
      <input id="search" name="q" type="search" placeholder="uuid, request, tenant, type, trait:value" autocomplete="off" spellcheck="false" maxlength="500" .value=${param('q')}>
    </form>
    <nav aria-label="Views"><ul>
      ${Object.entries(VIEWS).map(([at, { label, isShown }]) =>
        label && (!isShown || isShown())
          ? html`<li><a href=${address(at)} aria-current=${place.path === at ? 'page' : 'false'}>${label}</a></li>`
          : nothing,
      )}
    </ul></nav>
    <div class="tools">
      <a class="button" href=${changed({ zone: isLocal() ? '' : 'local' })}>${zoneName()}<span class="unseen">: change the time zone</span></a>
      <button type="button" @click=${() => showHelp(true)}>Keys</button>
      ${
        session?.needs_token
          ? html`<button type="button" @click=${signOut}>Sign out${session.name ? html`<span class="unseen"> ${line(session.name, 40)}</span>` : nothing}</button>`
          : nothing
      }
    </div>
    ${
      filters.length > 0
        ? html`<nav aria-label="Saved filters" class="saved"><ul>
          ${filters.map(([name, to]) => html`<li><a href=${to}>${line(name, 40)}</a></li>`)}</ul></nav>`
        : nothing
    }
  </header>`
}

function signInForm() {
  return html`<main id="main" class="sign-in">
    <h1 tabindex="-1">StackTach</h1>
    <form @submit=${signIn}>
      <label for="token">Token of the API</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required>
      <button type="submit" class="strong">Sign in</button>
    </form>
    ${failure(signInFault)}
    <p class="quiet">It is kept in a cookie that scripts cannot read, until you close the browser or sign out.</p>
  </main>`
}

function showHelp(isShown) {
  help = isShown
  update()
}

const shownHelp = shownDialog(() => showHelp(false))

function helpDialog() {
  return html`<dialog aria-labelledby="help-title" ${living(shownHelp, help)}>
    <h2 id="help-title">Keys</h2>
    <dl class="pairs">${KEYS.map(([key, does]) => html`<dt><kbd>${key}</kbd></dt><dd>${does}</dd>`)}</dl>
    <p><label><input type="checkbox" .checked=${areKeysOn()} @change=${(event) => setKeys(event.target.checked)}> keys of one letter do this</label></p>
    <p class="quiet">StackTach ${session?.version ?? ''}. <a href="/docs" target="_blank" rel="noopener">The REST API<span class="unseen">, in a new tab</span></a></p>
    <form method="dialog"><button type="submit">Close</button></form>
  </dialog>`
}

function content() {
  if (!VIEWS[place.path]) return html`<h1 tabindex="-1">There is no such view</h1>`
  return html`${failure(fault)}${view ? view.render() : html`<p>Loading …</p>`}`
}

let drawnPath
function draw() {
  if (isBare) root.replaceChildren()
  isBare = false
  if (!session) {
    render(html`<main id="main">${fault ? failure(fault) : html`<p>Loading …</p>`}</main>`, root)
    return
  }
  render(
    session.may_read
      ? html`${top()}<main id="main" tabindex="-1">${content()}</main>${help ? helpDialog() : nothing}`
      : signInForm(),
    root,
  )
  // Who reads with the ears is told of the new view; at the first one the browser does it.
  if (view && drawnPath !== path) {
    if (drawnPath !== undefined) document.querySelector('h1')?.focus({ preventScroll: true })
    drawnPath = path
  }
}

listenForKeys({
  '/': () => document.getElementById('search')?.focus(),
  j: () => view?.rows?.step(1),
  k: () => view?.rows?.step(-1),
  r: () => void Promise.resolve(view?.load?.()).catch(app.failed),
  '?': () => showHelp(true),
  Escape: () => (param('open') === '' ? false : go(changed({ open: '' }))),
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', update)
addEventListener('unhandledrejection', ({ reason }) => {
  if (reason instanceof Refusal) app.failed(reason)
})
onMove(() => void follow())
followLinks(Object.keys(VIEWS))
readPlace()
void readSession().then(follow)
