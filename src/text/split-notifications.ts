import { listElements } from './json-extent.ts'

/**
 * Splits the body of a request into notifications: one JSON object, a list of them, or one on each line. Their bytes
 * stay as they are. A body that is none of these counts as one notification, which cannot be read. Returns undefined
 * for a list that does not end.
 *
 * @example
 * splitNotifications(Buffer.from('[{"a":1},{"a":2}]')) // two bodies
 */
export function splitNotifications(body: Buffer): readonly Buffer[] | undefined {
  const text = body.toString('utf8').replace(/^\ufeff/, '')
  if (text.trim() === '') return []
  if (/^\s*\[/.test(text)) return elementsOf(text)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const areObjects = lines.length > 1 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line))
  return areObjects ? lines.map((line) => Buffer.from(line.trim())) : [body]
}

function elementsOf(text: string): readonly Buffer[] | undefined {
  const list = listElements(text)
  if (!list || !isJson(text)) return undefined
  return list.elements.map((element) => Buffer.from(element.text))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
