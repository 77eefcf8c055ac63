import { ENVELOPE_NAMES, type Event, momentOf } from '../domain/event.ts'
import { formatMoment, type Moment } from '../domain/time.ts'
import type { Trait } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'
import { maskSecrets, maskValue } from '../text/mask-secrets.ts'
import { quotedName, quotedText } from '../text/quoted-json.ts'
import { isSecretName } from '../text/secret-names.ts'

/** Name of an event's place in a list. */
const MARK = '_mark'

/**
 * Formats an event as the REST API shows it: the JSON of `shownEvent(restEvent(event))`, in a third of the
 * time, since lists hold a thousand. `mark` is its place in a list, see formatMark.
 *
 * @example
 * eventJson(event, '1a4') // '{"memory_mb":512,"event_type":"compute.instance.update",…,"_mark":"1a4"}'
 */
export function eventJson(event: Event, mark?: string): string {
  let json = '{'
  const { traits } = event
  for (const name in traits) {
    if (ENVELOPE_NAMES.includes(name) || (name === MARK && mark !== undefined)) continue
    json += `${quotedName(name)}:${traitJson(name, traits[name] as Trait)},`
  }
  json += `"event_type":${quotedText(event.eventType)},"message_id":${quotedText(event.messageId)}`
  json += `,"timestamp":${momentJson(momentOf(event))}`
  return mark === undefined ? `${json}}` : `${json},"${MARK}":"${mark}"}`
}

function traitJson(name: string, trait: Trait): string {
  if (trait.type === 'text' && !isSecretName(name)) return textJson(trait.value)
  const shown = maskValue(name, trait.type === 'datetime' ? trait : trait.value)
  return shown === trait ? momentJson(trait) : stringifyJson(shown)
}

/** Cache of texts as they are shown: hosts, names and states come again and again in a list. */
const shownTexts = new Map<string, string>()
const MOST_TEXTS = 10_000
const LONGEST_TEXT = 64

function textJson(text: string): string {
  if (text.length > LONGEST_TEXT) return quotedText(maskSecrets(text))
  const known = shownTexts.get(text)
  if (known !== undefined) return known
  if (shownTexts.size >= MOST_TEXTS) shownTexts.clear()
  const shown = quotedText(maskSecrets(text))
  shownTexts.set(text, shown)
  return shown
}

function momentJson(moment: Moment): string {
  return `{"__type__":"datetime","datetime":"${formatMoment(moment)}"}`
}
