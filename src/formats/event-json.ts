import { ENVELOPE_NAMES, type Event, momentOf } from '../domain/event.ts'
import { formatMoment, type Moment } from '../domain/time.ts'
import type { Trait } from '../domain/trait.ts'
import { stringifyJson } from '../text/json.ts'
import { maskSecrets, maskValue } from '../text/mask-secrets.ts'
import { quotedText } from '../text/quoted-json.ts'
import { isSecretName, MASK } from '../text/secret-names.ts'

/** Name of an event's place in a list. */
const MARK = '_mark'

/**
 * Formats an event as the REST API shows it: the JSON of `shownEvent(restEvent(event))`, in less time, since
 * lists hold a thousand. `mark` is its place in a list, see formatMark.
 *
 * @example
 * eventJson(event, '1a4') // '{"memory_mb":512,"event_type":"compute.instance.update",…,"_mark":"1a4"}'
 */
export function eventJson(event: Event, mark?: string): string {
  let json = '{'
  const { traits } = event
  for (const name in traits) {
    const { key, isSecret, isEnvelope } = factsOf(name)
    if (isEnvelope || (name === MARK && mark !== undefined)) continue
    const trait = traits[name] as Trait
    json += `${key}${isSecret ? secretJson(name, trait) : traitJson(trait)},`
  }
  json += `"event_type":${quotedText(event.eventType)},"message_id":${quotedText(event.messageId)}`
  json += `,"timestamp":${momentJson(momentOf(event))}`
  return mark === undefined ? `${json}}` : `${json},"${MARK}":"${mark}"}`
}

/** What follows from the name of a trait; `key` is its JSON with the colon. */
type NameFacts = { readonly key: string; readonly isSecret: boolean; readonly isEnvelope: boolean }

/** Cache of names: definitions have few. */
const names = new Map<string, NameFacts>()
const MOST_NAMES = 10_000

function factsOf(name: string): NameFacts {
  const known = names.get(name)
  if (known !== undefined) return known
  if (names.size >= MOST_NAMES) names.clear()
  const facts = {
    key: `${quotedText(name)}:`,
    isSecret: isSecretName(name),
    isEnvelope: ENVELOPE_NAMES.includes(name),
  }
  names.set(name, facts)
  return facts
}

function secretJson(name: string, trait: Trait): string {
  // A time under a secret name is a secret.
  return stringifyJson(trait.type === 'datetime' ? MASK : maskValue(name, trait.value))
}

function traitJson(trait: Trait): string {
  if (trait.type === 'text') return textJson(trait.value)
  return trait.type === 'datetime' ? momentJson(trait) : stringifyJson(trait.value)
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
