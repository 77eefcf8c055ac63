/** Where the choice is kept to do without keys of one letter; nothing else is kept. */
const OFF = 'stacktach-keys-off'

/** Whether keys of one letter do something. */
export function areKeysOn() {
  try {
    return localStorage.getItem(OFF) === null
  } catch {
    return true
  }
}

/** Turns keys of one letter on or off: who speaks to the computer sends letters by mistake. */
export function setKeys(isOn) {
  try {
    if (isOn) localStorage.removeItem(OFF)
    else localStorage.setItem(OFF, '1')
  } catch {
    // Then they stay as they are.
  }
}

/** The keys and what they do, for people. */
export const KEYS = [
  ['/', 'search'],
  ['j and k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['r', 'read again'],
  ['Esc', 'close what is open'],
  ['?', 'this help'],
]

/** Calls the functions of keys by their names, except where somebody writes. */
export function listenForKeys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.target.closest?.('input, textarea, select, dialog')) return
    const action = actions[event.key]
    if (!action || (event.key.length === 1 && !areKeysOn())) return
    if (action() !== false) event.preventDefault()
  })
}
