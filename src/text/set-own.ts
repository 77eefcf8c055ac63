/**
 * Sets a property of an object that is used as a map. The name may be any, `__proto__` too, which an
 * assignment would take for the prototype.
 *
 * @example
 * setOwn(values, '__proto__', 1) // values has its own property `__proto__`
 */
export function setOwn<T>(object: { [name: string]: T }, name: string, value: T): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}
