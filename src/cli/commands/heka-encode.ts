import { type Command, Option } from 'commander'
import { encodeMessage } from '../../heka/wire/encode-message.ts'
import { frameOf } from '../../heka/wire/frame.ts'
import type { Signer } from '../../heka/wire/signature.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { messageOfLine, parseJsonLine } from '../heka/parse-line.ts'
import { createCommand, parseWhole, print, printBytes, UsageError } from '../program.ts'
import { readNumberedLines } from '../read-lines.ts'

type Options = {
  framed?: true
  hex?: true
  signer?: string
  keyVersion: number
  hash: string
  keyFile?: string
}

const MOST_VERSION = 0xffff_ffff

/** Creates `stv3 heka-encode`, which writes messages of Heka as bytes. */
export function hekaEncodeCommand(): Command {
  return createCommand(
    'heka-encode',
    'write messages of Heka, lines of JSON, as bytes',
    `echo '{"hostname": "h", "payload": "p"}' | stv3 heka-encode --framed >/dev/tcp/localhost/35000`,
  )
    .argument('[file]', 'messages, one a line', '-')
    .option('--framed', 'write frames, as the TCP receiver takes them')
    .option('--hex', 'write a line of hexadecimal for each message')
    .option('--signer <name>', 'sign the frames under this name')
    .addOption(new Option('--key-file <file>', 'file with the key of the signer, readable by you alone'))
    .addOption(
      new Option('--key-version <number>', 'version of the key')
        .argParser(parseWhole(0, MOST_VERSION))
        .default(0),
    )
    .addOption(new Option('--hash <name>', 'hash of the signature').choices(['md5', 'sha1']).default('sha1'))
    .action(encode)
}

async function encode(file: string, options: Options): Promise<void> {
  const signer = await signerOf(options)
  for await (const line of readNumberedLines(file)) {
    const body = encodeMessage(messageOfLine(parseJsonLine(line), line))
    const bytes = options.framed ? frameOf(body, signer) : body
    if (options.hex) await print(`${bytes.toString('hex')}\n`)
    else await printBytes(bytes)
  }
}

async function signerOf({ framed, signer, keyFile, keyVersion, hash }: Options): Promise<Signer | undefined> {
  if (signer === undefined && keyFile === undefined) return undefined
  if (signer === undefined || keyFile === undefined || !framed)
    throw new UsageError('--signer, --key-file and --framed go together')
  return { name: signer, version: keyVersion, key: await readSecret(keyFile), hash }
}
