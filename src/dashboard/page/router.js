// Every view is an address: its path names the view, its parameters are filters and what is open.

/** Parameters that stay when another view is opened. */
const LASTING = ['zone']

/** Where the page is now. */
export const place = { path: '/', params: new URLSearchParams() }

/** Reads the address of the browser. */
export function readPlace() {
  place.path = location.pathname
  place.params = new URLSearchParams(location.search)
}

/** Returns the value of a parameter; a blank text where it is missing. */
export function param(name) {
  return place.params.get(name) ?? ''
}

/** Returns an address with these parameters, and those that last. Blank ones are left out. */
export function address(path, params = {}) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    if (value !== '' && value !== undefined && value !== null) query.set(name, value)
  for (const name of LASTING) {
    const value = place.params.get(name)
    if (value && !query.has(name)) query.set(name, value)
  }
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',')
  return text === '' ? path : `${path}?${text}`
}

/** Returns the present address with some parameters changed. */
export function changed(changes) {
  return address(place.path, { ...Object.fromEntries(place.params), ...changes, ...lastingOf(changes) })
}

/** A lasting parameter that is blanked stays away. */
function lastingOf(changes) {
  return Object.fromEntries(Object.entries(changes).filter(([name]) => LASTING.includes(name)))
}

const listeners = new Set()

/** Calls a function after each change of the address. */
export function onMove(listener) {
  listeners.add(listener)
}

function moved() {
  readPlace()
  for (const listener of listeners) listener()
}

/** Goes to an address of the page; `replace` leaves no step for the browser's back button. */
export function go(to, { replace = false } = {}) {
  if (to === location.pathname + location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  moved()
}

/** Follows links to views without loading the page again. */
export function followLinks(paths) {
  addEventListener('popstate', moved)
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.composedPath().find((one) => one instanceof Element && one.matches('a[href]'))
    if (!link || link.hasAttribute('download') || link.getAttribute('target')) return
    // An address of SVG is an object of its own.
    const url = new URL(link.getAttribute('href'), location.href)
    if (url.origin !== location.origin || !paths.includes(url.pathname) || url.hash) return
    event.preventDefault()
    go(url.pathname + url.search)
  })
}
