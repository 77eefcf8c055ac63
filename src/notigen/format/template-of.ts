import type { JsonObject } from '../../domain/notification.ts'
import type { InstanceNotice } from '../notices/notice.ts'
import { failedCallPayload } from '../templates/failed-call.ts'
import { floatingIpPayload } from '../templates/floating-ip.ts'
import { imagePayload } from '../templates/image.ts'
import { instanceActionPayload } from '../templates/instance-action.ts'
import { instanceErrorPayload } from '../templates/instance-error.ts'
import { instanceExistsPayload } from '../templates/instance-exists.ts'
import { instanceUpdatePayload } from '../templates/instance-update.ts'
import { keypairPayload } from '../templates/keypair.ts'
import { networkPayload } from '../templates/network.ts'
import { portPayload } from '../templates/port.ts'
import { routerPayload } from '../templates/router.ts'
import { schedulerErrorPayload, schedulerPayload } from '../templates/scheduler.ts'
import { subnetPayload } from '../templates/subnet.ts'
import { volumePayload } from '../templates/volume.ts'
import { volumeSnapshotPayload } from '../templates/volume-snapshot.ts'
import { versionedExceptionPayload } from '../versioned/versioned-exception.ts'
import { versionedActionPayload } from '../versioned/versioned-instance-action.ts'
import { versionedExistsPayload } from '../versioned/versioned-instance-exists.ts'
import { versionedUpdatePayload } from '../versioned/versioned-instance-update.ts'
import { versionedKeypairPayload } from '../versioned/versioned-keypair.ts'
import { versionedRequestSpecPayload } from '../versioned/versioned-request-spec.ts'

export type Template = (notice: InstanceNotice) => JsonObject

type Rule = readonly [pattern: RegExp, template: Template]

/** Templates by old-style event type; the first match wins. */
const OLD_STYLE: readonly Rule[] = [
  [/^compute\.instance\.update$/, instanceUpdatePayload],
  [/^compute\.instance\.exists$/, instanceExistsPayload],
  [/^compute\.instance\..*\.error$/, instanceErrorPayload],
  [/^compute\.instance\./, instanceActionPayload],
  [/^scheduler\.run_instance\./, schedulerPayload],
  [/^scheduler\.run_instance$/, schedulerErrorPayload],
  [/_instance$/, failedCallPayload],
  [/^keypair\./, keypairPayload],
  [/^volume\./, volumePayload],
  [/^snapshot\./, volumeSnapshotPayload],
  [/^image\./, imagePayload],
  [/^port\./, portPayload],
  [/^network\./, networkPayload],
  [/^subnet\./, subnetPayload],
  [/^router\./, routerPayload],
  [/^floatingip\./, floatingIpPayload],
]

/** Templates of versioned notifications, which take precedence in that format. */
const VERSIONED: readonly Rule[] = [
  [/^compute\.instance\.update$/, versionedUpdatePayload],
  [/^compute\.instance\.exists$/, versionedExistsPayload],
  [/^compute\.instance\./, versionedActionPayload],
  [/^scheduler\./, versionedRequestSpecPayload],
  [/_instance$/, versionedExceptionPayload],
  [/^keypair\./, versionedKeypairPayload],
  ...OLD_STYLE,
]

const found = { old: new Map<string, Template>(), versioned: new Map<string, Template>() }

/** Returns the template of an event type's payload. Throws when there is none. */
export function templateOf(eventType: string, style: 'old' | 'versioned'): Template {
  const known = found[style].get(eventType)
  if (known) return known
  const rule = (style === 'old' ? OLD_STYLE : VERSIONED).find(([pattern]) => pattern.test(eventType))
  if (!rule) throw new Error(`no template for ${eventType}`)
  found[style].set(eventType, rule[1])
  return rule[1]
}
