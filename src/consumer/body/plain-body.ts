import type { MessageProperties } from '../../broker/message.ts'
import { isJsonBytes } from '../../text/json-bytes.ts'
import { asUtf8 } from './charset.ts'
import { compressionShown, isCompression, type Unpacked, unpack } from './unpack.ts'

/** The form of a body, by the properties of its message. */
type Form = {
  /** names of compressions in lower case, the last one applied first */
  readonly compressions: readonly string[]
  readonly charset: string | undefined
}

const PLAIN: Form = { compressions: [], charset: undefined }
/** More compressions inside each other than this are not undone. */
const MOST_COMPRESSIONS = 3
const [BRACE, BRACKET] = [0x7b, 0x5b]

/**
 * Returns the body of a message as the sender had it before packing, in UTF-8 and without a byte order mark; the
 * same buffer where it is so already.
 *
 * A compression is named by kombu's header `compression` or by content-encoding, a charset by content-type or by
 * content-encoding. Compressed bytes without a name are known by how they begin. Refuses a body that unpacks to
 * more than `mostBytes`, and one whose compression or charset is not known.
 *
 * @example
 * const plain = plainBody(delivery.body, delivery.properties, 10 << 20)
 * if (plain.ok) decodeNotification(plain.body)
 */
export function plainBody(body: Buffer, properties: MessageProperties, mostBytes: number): Unpacked {
  const { compressions, charset } = formOf(properties)
  let unpacked = body
  for (const compression of compressions) {
    const next = unpack(unpacked, compression, mostBytes)
    // A name may be wrong: what is JSON as it stands is taken as it stands.
    if (!next.ok && next.stage === 'decode' && isJsonBytes(unpacked)) break
    if (!next.ok) return next
    unpacked = next.body
  }
  // A sender may compress what another part has compressed already, under one name.
  for (let left = MOST_COMPRESSIONS - compressions.length; left > 0; left--) {
    const shown = unpackShown(unpacked, mostBytes)
    if (shown?.ok === false) return shown
    if (!shown) break
    unpacked = shown.body
  }
  const read = asUtf8(unpacked, charset)
  if ('reason' in read) return { ok: false, stage: 'decode', reason: read.reason }
  return { ok: true, body: read.body }
}

/** Unpacks a body that begins like a compressed one; undefined when it does not, or is none. */
function unpackShown(body: Buffer, mostBytes: number): Unpacked | undefined {
  if (body[0] === BRACE || body[0] === BRACKET) return undefined
  const shown = compressionShown(body)
  const unpacked = shown === undefined ? undefined : unpack(body, shown, mostBytes)
  return unpacked?.ok === false && unpacked.stage === 'decode' ? undefined : unpacked
}

function formOf({ headers, contentEncoding, contentType }: MessageProperties): Form {
  const kombu = headers && Object.hasOwn(headers, 'compression') ? headers.compression : undefined
  const isUsual = contentEncoding === undefined || contentEncoding === 'utf-8'
  if (isUsual && typeof kombu !== 'string' && !contentType?.includes(';')) return PLAIN
  // Some senders name both, such as `gzip:UTF-8`.
  const encodings = (contentEncoding ?? '')
    .toLowerCase()
    .split(/[\s,:;]+/)
    .filter(Boolean)
  const named = encodings.filter(isCompression).reverse().slice(0, MOST_COMPRESSIONS)
  const [charset] = encodings.filter((name) => !isCompression(name))
  // A sender that names its compression in both places has used it once.
  const byKombu = typeof kombu === 'string' ? kombu.toLowerCase() : ''
  const compressions = isCompression(byKombu) ? [byKombu] : named
  const ofType = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase()
  return { compressions, charset: ofType ?? charset }
}
