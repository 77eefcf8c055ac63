import { type Command, InvalidArgumentError, Option } from 'commander'
import { stopSignal } from '../../assembly/daemon.ts'
import { notificationMessage } from '../../heka/generator/notification-message.ts'
import { originalMessage } from '../../heka/generator/original-message.ts'
import { Pace } from '../../heka/generator/pace.ts'
import { realisticMessage } from '../../heka/generator/realistic-message.ts'
import { createHttpSender, openTcpSender, type Sender } from '../../heka/generator/senders.ts'
import { type ListenAddress, parseListenAddress } from '../../runtime/listen-address.ts'
import { decodeJsonText } from '../decode-json-text.ts'
import { createCommand, parseWhole, print } from '../program.ts'
import { readJsonTexts } from '../read-json-texts.ts'

type Options = {
  url: string
  tcp?: ListenAddress
  realistic?: true
  size: number
  rate: number
  count: number
  loops: number
  notifications?: string
}

const PERIOD_MS = 1000
const MOST_SIZE = 65_000

/** Creates `stv3 heka-generate`, which sends messages to a receiver. */
export function hekaGenerateCommand(): Command {
  return createCommand(
    'heka-generate',
    'send messages of Heka to a receiver, and print each second how many',
    `stv3 heka-generate
  stv3 heka-generate --tcp localhost:35000 --realistic --rate 1000 --count 60000
  stv3 generate --instances 100 | stv3 heka-generate --notifications - --tcp localhost:35000`,
  )
    .option('--url <url>', 'HTTP receiver', 'http://localhost:35001/')
    .addOption(new Option('--tcp <host:port>', 'TCP receiver, in place of HTTP').argParser(parseAddress))
    .option('--realistic', "lines of a web server's log (default: one message without type and fields)")
    .option(
      '--notifications <file>',
      'send the notifications of a file as messages, once; - is standard input',
    )
    .addOption(
      new Option('--size <bytes>', 'least payload of a realistic message')
        .argParser(parseWhole(0, MOST_SIZE))
        .default(0),
    )
    .addOption(
      new Option('--rate <number>', 'messages a second; 0: as fast as they are taken')
        .argParser(parseWhole(0))
        .default(0),
    )
    .addOption(
      new Option('--count <number>', 'messages in all; 0: until it is stopped')
        .argParser(parseWhole(0))
        .default(0),
    )
    .addOption(
      new Option('--loops <number>', 'loops that send at the same time')
        .argParser(parseWhole(1, 1000))
        .default(2),
    )
    .action(generate)
}

function parseAddress(text: string): ListenAddress {
  const address = text.includes(':') ? parseListenAddress(text) : undefined
  if (!address) throw new InvalidArgumentError('expected HOST:PORT, such as localhost:35000.')
  return address
}

async function generate(options: Options): Promise<void> {
  const signal = stopSignal()
  const pace = new Pace(options.rate)
  let [sent, last] = [0, 0]
  const timer = setInterval(() => {
    void print(`${sent - last}\n`)
    last = sent
  }, PERIOD_MS)
  const messages = messagesOf(options)
  const loop = async () => {
    const sender = await senderOf(options)
    try {
      for await (const message of messages) {
        await pace.next(signal)
        if (signal.aborted) return
        await sender.send(message)
        sent++
      }
    } finally {
      await sender.close()
    }
  }
  try {
    await Promise.all(Array.from({ length: options.loops }, loop))
  } finally {
    clearInterval(timer)
    await print(`${sent} messages sent\n`)
  }
}

function senderOf({ url, tcp }: Options): Sender | Promise<Sender> {
  return tcp ? openTcpSender(tcp.host, tcp.port) : createHttpSender(url)
}

/** Yields the messages, which all loops share. One that ends early leaves the others theirs. */
function messagesOf(options: Options): AsyncIterable<Buffer> {
  const iterator = generated(options)
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }
}

async function* generated({ realistic, size, count, notifications }: Options): AsyncGenerator<Buffer> {
  if (notifications !== undefined) {
    for await (const text of readJsonTexts(notifications)) {
      const decoded = decodeJsonText(text)
      if (decoded.ok) yield notificationMessage(text.text, decoded.notification)
    }
    return
  }
  for (let made = 0; count === 0 || made < count; made++)
    yield realistic ? realisticMessage(Date.now(), size, Math.random) : originalMessage(Date.now())
}
