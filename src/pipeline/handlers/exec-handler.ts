import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { InvalidError, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { type TypedEvent, typedEvent } from '../../formats/typed-form.ts'
import { deliver } from '../../publishing/deliver.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
import { type Receiver, UntakenError } from '../../publishing/receiver.ts'
import { withGrace } from '../../runtime/grace.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'
import { stringifyJson } from '../../text/json.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { printableLines } from '../../text/printable.ts'
import type { Handler, HandlerContext, HandlerParams, HandlerServices, OpenedHandler } from '../handler.ts'
import {
  EVENT_TYPES,
  QUICK,
  SECONDS,
  TRIES,
  type WaitParams,
  waitProperties,
  waitsOf,
} from './common-params.ts'
import { compileMeantEvents } from './meant-events.ts'

type Params = WaitParams & {
  /** the program and its arguments, run without a shell */
  readonly command: readonly string[]
  readonly event_types: EventTypePatterns
  /** longest time of the program, s */
  readonly deadline: number
  readonly tries: number
}

/** The state that all runs of a step share. */
type Step = {
  readonly params: Params
  readonly meantOf: (events: readonly Event[]) => readonly Event[]
  readonly receiver: Receiver
}

const LONGEST_TOLD = 2000
/** More is kept than is told, so that no secret is cut in two before it is masked. */
const LONGEST_KEPT = 10 * LONGEST_TOLD
/** EX_DATAERR of sysexits.h: the program will never accept these events. */
const REFUSED = 65

/**
 * Runs a program with the events as JSON lines (typed form) on its standard input. The program is run again
 * until it ends with 0 in time. Status 65 means that it refuses these events.
 */
export class ExecHandler implements Handler {
  static readonly description =
    'Runs a program with the events as JSON lines (typed form) on its standard input. It must end with 0 in time; 65 refuses the events.'

  static readonly schema = {
    type: 'object',
    required: ['command'],
    additionalProperties: false,
    properties: {
      command: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'the program and its arguments; no shell reads them',
      },
      event_types: EVENT_TYPES,
      deadline: { ...SECONDS, description: 'longest time of the program, s', default: 30 },
      ...waitProperties(QUICK),
      tries: TRIES,
    },
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<ExecHandler> {
    const params = given as Params
    const step: Step = {
      params,
      meantOf: compileMeantEvents(params.event_types),
      receiver: openReceiver(services, params.command[0] as string),
    }
    return { forRun: (context) => new ExecHandler(step, context) }
  }

  readonly #step: Step
  readonly #context: HandlerContext
  #events: readonly TypedEvent[] = []

  constructor(step: Step, context: HandlerContext) {
    this.#step = step
    this.#context = context
  }

  handleEvents(events: readonly Event[]): readonly Event[] {
    this.#events = this.#step.meantOf(events).map(typedEvent)
    return events
  }

  async commit(): Promise<void> {
    if (this.#events.length === 0) return
    const { params, receiver } = this.#step
    const { command, deadline } = params
    const input = this.#events.map((event) => `${stringifyJson(event)}\n`).join('')
    const { signal } = this.#context
    await deliver(
      receiver,
      { attempt: () => withGrace(signal, (late) => runProgram(command, input, deadline * 1000, late)) },
      waitsOf(params),
      this.#context,
    )
  }

  rollback(): void {
    this.#events = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#events
  }
}

/**
 * Runs a program once. Rejects with InvalidError when the program refuses its input, with UntakenError when
 * it fails otherwise or is not done in time, and with TransientError when it cannot be started or when `late`
 * aborts first.
 */
function runProgram(
  command: readonly string[],
  input: string,
  deadlineMs: number,
  late: AbortSignal,
): Promise<void> {
  const [program, ...args] = command as [string, ...string[]]
  return new Promise((resolve, reject) => {
    let told = ''
    const failed = (kind: typeof UntakenError | typeof InvalidError, reason: string) =>
      reject(new kind(`${program}: ${reason}${told ? `: ${shownEnd(told)}` : ''}`))
    // Detached, the program leads a process group, so that its children can be killed with it.
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true })
    const timer = setTimeout(() => {
      endGroup(child.pid)
      failed(UntakenError, `not done within ${deadlineMs / 1000} s`)
    }, deadlineMs)
    const stop = () => {
      endGroup(child.pid)
      reject(new TransientError('the worker stops'))
    }
    late.addEventListener('abort', stop, { once: true })
    const settle = () => {
      clearTimeout(timer)
      late.removeEventListener('abort', stop)
    }
    child.on('error', (error) => {
      settle()
      reject(new TransientError(`${program}: ${error.message}`, { cause: error }))
    })
    // A program that cannot be started for want of file descriptors has neither stream.
    const { stdin, stderr }: { stdin: Writable | undefined; stderr: Readable | undefined } = child
    stderr?.on('data', (part) => {
      told = `${told}${part}`.slice(-LONGEST_KEPT)
    })
    // A program need not read all its input: only its exit status counts.
    stdin?.on('error', () => {})
    stdin?.end(input)
    child.on('exit', (code, killedBy) => {
      settle()
      // Its output has arrived by now. A process that it left behind might keep the pipe open for ever.
      setImmediate(() => {
        stderr?.destroy()
        if (code === 0) resolve()
        else failed(code === REFUSED ? InvalidError : UntakenError, `ended with ${code ?? killedBy}`)
      })
    })
  })
}

/** Returns the end of what a program said, without secrets and control characters. */
function shownEnd(told: string): string {
  return printableLines(maskSecrets(told).slice(-LONGEST_TOLD).trim())
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended in the meantime.
  }
}
