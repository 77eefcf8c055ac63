import type { Broker, Delivery, SubscribeOptions, Subscription } from '../../src/broker/broker.ts'
import { DELIVERY } from '../support/delivery.ts'
import type { Process, World } from './world.ts'

type Message = { readonly body: Buffer; isRedelivered: boolean }
type Channel = {
  readonly process: Process
  readonly options: SubscribeOptions
  /** delivered or on their way, in order; undefined bodies are acknowledged */
  unacknowledged: Message[]
  prefetch: number
  isOpen: boolean
  isPaused: boolean
  isResting: boolean
}
type SimDelivery = Delivery & { readonly message: Message; readonly unacknowledged: Message[] }

/** One queue: deliveries late, channels that break, everything not acknowledged again. */
export class SimBroker {
  readonly #world: World
  readonly #queue: string
  readonly #ready: Message[] = []
  readonly #channels: Channel[] = []
  /** bodies whose acknowledgement the broker has taken */
  readonly acknowledged: Buffer[] = []

  constructor(world: World, queue = 'q') {
    this.#queue = queue
    this.#world = world
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0 && this.#channels.every((channel) => channel.unacknowledged.length === 0)
  }

  publish(body: Buffer): void {
    this.#ready.push({ body, isRedelivered: false })
    this.#deliver()
  }

  /** Breaks the channel of a process that is connected, if there is one. */
  breakChannel(): void {
    const open = this.#channels.filter(({ isOpen }) => isOpen)
    if (open.length > 0) this.#drop(this.#world.random.pick(open))
  }

  /** The broker as one process sees it. */
  of(process: Process): Broker {
    return {
      subscribe: (_, options) => this.#subscribe(process, options),
      async openPublisher() {
        throw new Error('nobody publishes through this broker')
      },
      async depth() {
        return 0
      },
      hindrance: () => undefined,
      async close() {},
    }
  }

  #subscribe(process: Process, options: SubscribeOptions): Subscription {
    const channel: Channel = {
      process,
      options,
      unacknowledged: [],
      prefetch: options.prefetch,
      isOpen: true,
      isPaused: false,
      isResting: false,
    }
    this.#channels.push(channel)
    process.onCrash.push(() => this.#close(channel))
    setTimeout(() => this.#read(channel), 0)
    return {
      ackUpTo: (delivery) => this.#acknowledge(channel, delivery as SimDelivery),
      setPrefetch: async (count) => {
        channel.prefetch = count
      },
      rest: () => {
        channel.isResting = true
        channel.isOpen = false
        this.#giveBack(channel)
        options.onLost()
        setTimeout(() => this.#deliver(), 1)
      },
      resume: () => {
        channel.isResting = false
        channel.isOpen = process.isAlive && !channel.isPaused
        setTimeout(() => this.#read(channel), 1)
      },
      pause: async () => {
        channel.isPaused = true
      },
      close: async () => {
        this.#close(channel)
      },
    }
  }

  #read({ isOpen, options }: Channel): void {
    if (isOpen) options.onReading?.()
    this.#deliver()
  }

  #deliver(): void {
    for (;;) {
      const able = this.#channels.filter(
        (channel) => channel.isOpen && !channel.isPaused && channel.unacknowledged.length < channel.prefetch,
      )
      const message = able.length > 0 ? this.#ready.shift() : undefined
      if (!message) return
      this.#deliverTo(this.#world.random.pick(able), message)
    }
  }

  #deliverTo(channel: Channel, message: Message): void {
    const { unacknowledged } = channel
    unacknowledged.push(message)
    // Timers of one time come in their order: so do the messages of a channel.
    setTimeout(() => {
      if (channel.unacknowledged !== unacknowledged || !channel.isOpen || channel.isPaused) return
      const { body, isRedelivered } = message
      const delivery: SimDelivery = {
        ...DELIVERY,
        queue: this.#queue,
        body,
        redelivered: isRedelivered,
        message,
        unacknowledged,
      }
      channel.options.onDelivery(delivery)
    }, 3)
  }

  #acknowledge(channel: Channel, { message, unacknowledged }: SimDelivery): void {
    if (!channel.isOpen || channel.unacknowledged !== unacknowledged) return
    // The acknowledgement gets lost with the channel.
    if (this.#world.happens('dropsChannel')) {
      this.#drop(channel)
      return
    }
    const taken = unacknowledged.splice(0, unacknowledged.indexOf(message) + 1)
    this.acknowledged.push(...taken.map(({ body }) => body))
    this.#world.isDirty = true
    setTimeout(() => this.#deliver(), 1)
  }

  /** The client makes another channel after a while. */
  #drop(channel: Channel): void {
    this.#giveBack(channel)
    channel.isOpen = false
    channel.options.onLost()
    setTimeout(() => {
      if (channel.process.isAlive && !channel.isPaused && !channel.isResting) channel.isOpen = true
      this.#read(channel)
    }, 50)
  }

  #close(channel: Channel): void {
    channel.isOpen = false
    channel.isPaused = true
    this.#giveBack(channel)
    setTimeout(() => this.#deliver(), 1)
  }

  #giveBack(channel: Channel): void {
    for (const message of channel.unacknowledged) message.isRedelivered = true
    this.#ready.unshift(...channel.unacknowledged)
    channel.unacknowledged = []
  }
}
