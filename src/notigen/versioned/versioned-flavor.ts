import type { JsonObject } from '../../domain/notification.ts'
import type { Flavor } from '../instance/catalog.ts'
import { flavorFields } from '../templates/flavor-fields.ts'
import { novaObject } from './nova-object.ts'

/** FlavorPayload. Source: nova/notifications/objects/flavor.py. */
export function versionedFlavor(flavor: Flavor): JsonObject {
  return novaObject('FlavorPayload', '1.4', {
    ...flavorFields(flavor),
    vcpu_weight: 0,
    disabled: false,
    is_public: true,
    extra_specs: { 'hw:watchdog_action': 'disabled' },
    projects: null,
    description: null,
  })
}
