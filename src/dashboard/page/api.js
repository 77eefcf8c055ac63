// All that the page knows comes from the REST API; the browser sends its cookie along.

/** Thrown for an answer that is no success; the message is the sentence of the server. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** Sent with each change: a form of another site cannot. */
const PAGE = { 'x-stacktach-page': '1' }

/** Reads an answer as JSON. Integers that a number cannot hold stay texts, digit for digit. */
export function parse(text) {
  return JSON.parse(text, (_, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? context.source
      : value,
  )
}

async function answerOf(response) {
  const text = await response.text()
  if (response.ok) return text
  let sentence = `the server answers ${response.status}`
  try {
    sentence = JSON.parse(text).detail ?? sentence
  } catch {
    // Not an answer of the API, but of something before it.
  }
  throw new Refusal(response.status, sentence)
}

async function ask(path, options) {
  try {
    return await fetch(path, { credentials: 'same-origin', ...options })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new Refusal(0, 'the server cannot be reached')
  }
}

/** Reads JSON. */
export async function get(path, signal) {
  return parse(await answerOf(await ask(path, { signal })))
}

/** Reads a text as it is. */
export async function getText(path, signal) {
  return answerOf(await ask(path, { signal }))
}

/** Sends a change with a body: JSON, or a text as it is. Returns the JSON of the answer, or undefined. */
export async function send(method, path, body) {
  const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body)
  const answer = await answerOf(await ask(path, { method, headers: PAGE, body: text }))
  return answer === '' ? undefined : parse(answer)
}

/** Returns an address of the API with parameters; blank ones are left out. */
export function resource(path, params = {}) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    if (value !== '' && value !== undefined && value !== null) query.set(name, value)
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}
