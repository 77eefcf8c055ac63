const DRIVERS = ['messaging', 'messagingv2'] as const
const FORMATS = ['unversioned', 'versioned', 'both'] as const
const AUDITS = ['hour', 'day'] as const

/** Settings of a cloud's services for sending notifications. */
export type CloudSettings = {
  /** `messagingv2` wraps each in the envelope of oslo.messaging */
  readonly driver: (typeof DRIVERS)[number]
  readonly format: (typeof FORMATS)[number]
  /** instance_usage_audit_period: how often each server has an exists */
  readonly audit: (typeof AUDITS)[number]
  /** amqp_durable_queues: exchanges and queues survive a restart of the broker */
  readonly durable: boolean
  /** rabbit_quorum_queue: queues are quorum queues */
  readonly quorum: boolean
}

export const DEFAULT_SETTINGS: CloudSettings = {
  driver: 'messagingv2',
  format: 'both',
  audit: 'day',
  durable: false,
  quorum: false,
}

/**
 * Parses settings from texts, as a command line has them. Missing ones get their default. Throws for unknown
 * values.
 */
export function settingsOf(
  given: {
    readonly [name in keyof CloudSettings]?: string | boolean | undefined
  },
): CloudSettings {
  return {
    driver: oneOf('driver', DRIVERS, given.driver ?? DEFAULT_SETTINGS.driver),
    format: oneOf('format', FORMATS, given.format ?? DEFAULT_SETTINGS.format),
    audit: oneOf('audit', AUDITS, given.audit ?? DEFAULT_SETTINGS.audit),
    durable: given.durable === true,
    quorum: given.quorum === true,
  }
}

function oneOf<T extends string>(name: string, known: readonly T[], given: string | boolean): T {
  const found = known.find((one) => one === given)
  if (found === undefined) throw new Error(`${name}: ${given} is none of ${known.join(', ')}`)
  return found
}
