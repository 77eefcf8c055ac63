/** A text that YAML reads as itself without quotes, inside of braces and brackets. */
const PLAIN = /^[A-Za-z_][\w./-]*$/
/** Plain texts that YAML reads as another type. */
const NO_TEXT = /^(?:true|false|yes|no|on|off|null|y|n|\.inf|\.nan|~)$/i

/**
 * Writes a value of a configuration as YAML on one line, without braces around the whole.
 *
 * @example
 * flowYaml({ event_type: 'compute.*', traits: { state: 'active' } })
 * // 'event_type: compute.*, traits: {state: active}'
 */
export function flowYaml(value: unknown): string {
  return isMapping(value) ? entriesOf(value) : inner(value)
}

function inner(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inner).join(', ')}]`
  if (isMapping(value)) return `{${entriesOf(value)}}`
  return typeof value === 'string' ? scalar(value) : String(value)
}

function entriesOf(mapping: object): string {
  const set = Object.entries(mapping).filter(([, value]) => value !== undefined)
  return set.map(([key, value]) => `${scalar(key)}: ${inner(value)}`).join(', ')
}

function scalar(text: string): string {
  return PLAIN.test(text) && !NO_TEXT.test(text) ? text : JSON.stringify(text)
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
