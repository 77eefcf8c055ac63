import { type Command, Option } from 'commander'
import { parseSignerKeys } from '../../heka/receivers/signer-keys.ts'
import { createLineEncoder, type LineOptions } from '../../heka/subscriber/line-encoder.ts'
import { parseLineFields } from '../../heka/subscriber/line-fields.ts'
import { LineWriter } from '../../heka/subscriber/line-writer.ts'
import { messageOf } from '../../heka/wire/decode-message.ts'
import { RECORD_SEPARATOR } from '../../heka/wire/frame.ts'
import { FrameSplitter } from '../../heka/wire/frame-splitter.ts'
import { messageForm } from '../../heka/wire/message-form.ts'
import { MessageView } from '../../heka/wire/message-view.ts'
import { scanMessage } from '../../heka/wire/scan-message.ts'
import { type SignerKeys, verdictOn } from '../../heka/wire/signature.ts'
import { WireError } from '../../heka/wire/wire-error.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { readHexLines, readRaw } from '../heka/read-raw.ts'
import { createCommand, printBytes, printNote, UsageError } from '../program.ts'

type Options = {
  framed?: true
  message?: true
  signersFile?: string
  hex?: true
  lines?: true
  fields?: string
  dynamicFields?: string
}

/** Returns what is printed for a message. Throws WireError where the bytes are none. */
type Form = (bytes: Buffer, from: number, end: number) => Buffer

const view = new MessageView()
const BAD_SIGNATURE = Buffer.from('{"error":"the signature is wrong, or its key is not known"}\n')

/** Creates `stv3 heka-decode`, which shows what bytes of Heka hold. */
export function hekaDecodeCommand(): Command {
  return createCommand(
    'heka-decode',
    'show messages of Heka as lines of JSON: {"message"}, or {"error"} for what is none',
    `stv3 heka-decode log.bin
  echo 3201704a0168 | stv3 heka-decode --hex --lines --fields Hostname,Payload`,
  )
    .argument('[file]', 'bytes', '-')
    .addOption(
      new Option(
        '--framed',
        'the bytes are frames (default: frames where they begin as one does, else one message)',
      ).conflicts('message'),
    )
    .option('--message', 'the bytes are one message')
    .option('--signers-file <file>', 'lines SIGNER_VERSION KEY: a frame with another signature is an error')
    .option('--hex', 'the bytes are hexadecimal, and each line of them is looked at for itself')
    .option('--lines', 'print the lines that the subscriber sends')
    .option('--fields <names>', 'keys of these lines, with commas between (default: all but EnvVersion)')
    .option('--dynamic-fields <names>', 'fields that are written, with commas between (default: all)')
    .action(decode)
}

async function decode(file: string, options: Options): Promise<void> {
  const form = options.lines ? lineForm(lineOptions(options)) : jsonForm
  if (!options.lines && (options.fields ?? options.dynamicFields) !== undefined)
    throw new UsageError('--fields and --dynamic-fields go with --lines')
  const signers = options.signersFile === undefined ? undefined : await readSigners(options.signersFile)
  if (options.hex) return decodeHex(file, options, form, signers)
  let splitter: Splitter | undefined
  const whole: Buffer[] = []
  for await (const piece of readRaw(file)) {
    if (splitter === undefined && whole.length === 0 && isFramed(piece, options))
      splitter = new Splitter(form, signers)
    if (splitter) await print(splitter.take(piece))
    else whole.push(piece)
  }
  if (splitter) splitter.end()
  else await print([attempt(form, Buffer.concat(whole))])
}

async function readSigners(file: string): Promise<SignerKeys> {
  return parseSignerKeys(await readSecret(file), file)
}

async function decodeHex(
  file: string,
  options: Options,
  form: Form,
  signers: SignerKeys | undefined,
): Promise<void> {
  for await (const bytes of readHexLines(file)) {
    if (!isFramed(bytes, options)) await print([attempt(form, bytes)])
    else {
      const splitter = new Splitter(form, signers)
      await print(splitter.take(bytes))
      splitter.end()
    }
  }
}

/** Whether bytes are frames. No message begins with the byte that begins a frame. */
function isFramed(bytes: Buffer, { framed, message }: Options): boolean {
  return framed ?? (!message && bytes[0] === RECORD_SEPARATOR)
}

/** Splits frames and collects what is printed for them. */
class Splitter {
  readonly #splitter: FrameSplitter
  #found: Buffer[] = []

  constructor(form: Form, signers: SignerKeys | undefined) {
    this.#splitter = new FrameSplitter((bytes, from, end, header) => {
      const body = bytes.subarray(from, end)
      const isBad = signers !== undefined && verdictOn(header, body, signers) === 'bad'
      this.#found.push(isBad ? BAD_SIGNATURE : attempt(form, body))
    })
  }

  take(bytes: Buffer): Buffer[] {
    this.#splitter.push(bytes)
    const found = this.#found
    this.#found = []
    return found
  }

  /** Says on standard error what belongs to no whole frame. */
  end(): void {
    const cut = this.#splitter.end()
    const { dropped } = this.#splitter
    if (dropped > 0) printNote(`${dropped} bytes belong to no frame`)
    if (cut > 0) printNote(`${cut} bytes at the end are a frame that is cut`)
  }
}

function attempt(form: Form, bytes: Buffer): Buffer {
  try {
    return form(bytes, 0, bytes.length)
  } catch (error) {
    if (error instanceof WireError) return Buffer.from(`${JSON.stringify({ error: error.message })}\n`)
    throw error
  }
}

function jsonForm(bytes: Buffer, from: number, end: number): Buffer {
  scanMessage(bytes, from, end, view)
  return Buffer.from(`${JSON.stringify({ message: messageForm(messageOf(view)) })}\n`)
}

function lineForm(options: LineOptions): Form {
  const encode = createLineEncoder(options)
  const writer = new LineWriter()
  return (bytes, from, end) => {
    scanMessage(bytes, from, end, view)
    encode(view, writer)
    return writer.take()
  }
}

function lineOptions({ fields, dynamicFields }: Options): LineOptions {
  return { fields: parseLineFields(fields?.split(',') ?? []), dynamicFields: dynamicFields?.split(',') ?? [] }
}

async function print(lines: readonly Buffer[]): Promise<void> {
  for (const line of lines) await printBytes(line)
}
