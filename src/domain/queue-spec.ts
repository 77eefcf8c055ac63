/** A queue, and how to declare and bind it where it does not exist. */
export type QueueSpec = {
  readonly queue: string
  /** undefined: the queue is not bound to any exchange */
  readonly exchange: string | undefined
  readonly exchangeType: string
  readonly routingKey: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly exchangeDurable: boolean
  readonly exchangeAutoDelete: boolean
}
