import { describe, expect, test } from 'vitest'
import { decodeMessage } from '../../../src/heka/wire/decode-message.ts'
import { encodeMessage } from '../../../src/heka/wire/encode-message.ts'
import { frameOf } from '../../../src/heka/wire/frame.ts'
import { decodeHeader, HASHES } from '../../../src/heka/wire/header.ts'
import { messageForm } from '../../../src/heka/wire/message-form.ts'
import { MessageView } from '../../../src/heka/wire/message-view.ts'
import { parseMessageForm } from '../../../src/heka/wire/parse-message-form.ts'
import { scanMessage } from '../../../src/heka/wire/scan-message.ts'
import { WireError } from '../../../src/heka/wire/wire-error.ts'
import { vectorBytes, type WireVector, wireVectors } from '../../support/heka/vectors.ts'

const { cases } = wireVectors()
const ofKind = (kind: string) => cases.filter((one) => one.kind === kind)
const MOST = 65_536

describe('messages are decoded as Heka decodes them, faults of the original apart', () => {
  test.each(ofKind('decode-message'))('$id $title', ({ bytes = '', expect: wanted = {}, strict }) => {
    const given = vectorBytes(bytes)
    if (strict?.error || wanted.error) {
      expect(() => decodeMessage(given)).toThrow(WireError)
      return
    }
    const message = decodeMessage(given)
    expect(JSON.parse(JSON.stringify(messageForm(message)))).toEqual(wanted.message)
    const again = encodeMessage(message).toString('hex')
    expect(again).toBe(wanted.reencoded ?? given.toString('hex'))
    const view = new MessageView()
    scanMessage(given, 0, given.length, view)
    expect(view.isCanonical).toBe(wanted.reencoded === undefined)
  })
})

describe('messages are encoded as Heka encodes them', () => {
  test.each(ofKind('encode-message'))('$id $title', ({ message, expect: wanted = {} }) => {
    expect(encodeMessage(parseMessageForm(message)).toString('hex')).toBe(wanted.bytes)
  })
})

describe('headers are decoded as Heka decodes them', () => {
  test.each(ofKind('decode-header'))('$id $title', ({ bytes = '', expect: wanted = {}, strict }) => {
    const header = headerForm(vectorBytes(bytes))
    expect(header !== undefined).toBe(strict?.decoded ?? wanted.decoded)
    if (header) expect(header).toEqual(wanted.header)
  })
})

function headerForm(bytes: Buffer): object | undefined {
  try {
    if (bytes.at(-1) !== 0x1f) return undefined
    const header = decodeHeader(bytes, 0, bytes.length - 1)
    if ((header.messageLength ?? 0) > MOST) return undefined
    const { hmacHashFunction: hash } = header
    return JSON.parse(
      JSON.stringify({
        ...header,
        hmacHashFunction: hash === undefined ? undefined : (HASHES[hash] ?? hash),
        hmacSigner: header.hmacSigner?.toString(),
        hmac: header.hmac?.toString('hex'),
      }),
    )
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

describe('messages are framed and signed as Heka does it', () => {
  test.each(ofKind('frame'))('$id $title', ({ body = '', signer, expect: wanted = {} }: WireVector) => {
    const bytes = vectorBytes(body)
    if (wanted.error) {
      expect(() => frameOf(bytes, signer)).toThrow(WireError)
      return
    }
    const { frame = '' } = wanted
    const whole = typeof frame === 'string' ? frame : `${frame.prefix}${bytes.toString('hex')}`
    expect(frameOf(bytes, signer).toString('hex')).toBe(whole)
  })
})
