/** The documented contract of one part of a key: two ASCII letters, digits or `_` at least, with dots between. */
const CONTRACT = /^\w[\w.]*\w$/

/**
 * What is taken from others: parts of one character and with dashes too, since programs of hermes send such keys and
 * push whole models, one bad key of which must not cost the others.
 */
const TAKEN = /^\w(?:[\w.-]*\w)?$/

/**
 * Returns whether a text keeps the contract of one part of a key.
 *
 * @example
 * isKeyPart('kiln_state.2') // true
 * isKeyPart('a') // false: two characters at least
 */
export function isKeyPart(part: string): boolean {
  return CONTRACT.test(part)
}

/** Returns whether each part of a key keeps the contract. */
export function isKey(key: string): boolean {
  return key.split('/').every(isKeyPart)
}

/** Returns whether a key is taken when another process sends it. */
export function isTakenKey(key: string): boolean {
  return key.split('/').every((part) => TAKEN.test(part))
}

/** Returns the name of the child that a key came from; empty for a key of the process itself. */
export function childOf(key: string): string {
  const slash = key.indexOf('/')
  return slash < 0 ? '' : key.slice(0, slash)
}

/** Returns a key below a name; the key itself where the name is empty. */
export function below(name: string, key: string): string {
  return name === '' ? key : `${name}/${key}`
}

/**
 * Returns whether a key has come round in a ring of parents: a name of this process is among the names in its path,
 * or the path repeats itself.
 */
export function isFromRing(key: string, ownName: string): boolean {
  const names = key.split('/').slice(0, -1)
  return (ownName !== '' && holds(names, ownName.split('/'))) || repeats(names)
}

function holds(names: readonly string[], own: readonly string[]): boolean {
  return names.some((_, at) => own.every((name, index) => names[at + index] === name))
}

/** Whether two names or more stand twice in a row, or one stands three times in a row. */
function repeats(names: readonly string[]): boolean {
  return names.some((name, at) => {
    if (name === names[at + 1] && name === names[at + 2]) return true
    for (let length = 2; at + 2 * length <= names.length; length++) {
      if (same(names, at, at + length, length)) return true
    }
    return false
  })
}

function same(names: readonly string[], first: number, second: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (names[first + index] !== names[second + index]) return false
  }
  return true
}

/** Compares two texts by the bytes of their UTF-8, which is the order of their code points. */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one !== other) return rank(one) - rank(other)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Compares two keys as the text form orders them: keys of the process itself before those of children. */
export function byOwnFirst(a: string, b: string): number {
  return Number(a.includes('/')) - Number(b.includes('/')) || byBytes(a, b)
}
