/** What a starter configuration is for: a service of OpenStack, or any other. */
export const SERVICES = ['nova', 'cinder', 'neutron', 'plain'] as const
export type Service = (typeof SERVICES)[number]

/** What the starter of a service of OpenStack takes from the shipped configuration. */
export type Shipped = {
  /** the pack of event definitions */
  readonly pack: string
  /** the file of triggers, and the triggers that are taken from it with the comments before them */
  readonly triggers: { readonly file: string; readonly names: readonly string[] }
  /** the pipelines that these triggers name */
  readonly pipelines: readonly string[]
  /** what the service must be told in its own configuration */
  readonly needs: string
}

export const SHIPPED: { readonly [service in Exclude<Service, 'plain'>]: Shipped } = {
  nova: {
    pack: 'packs/nova.yaml',
    triggers: { file: 'triggers.yaml', names: ['instance_day', 'versioned_instance_day'] },
    pipelines: ['instance_day_complete', 'instance_day_expired', 'versioned_instance_day'],
    needs:
      'nova.conf: instance_usage_audit = True, instance_usage_audit_period = day, and driver = messagingv2',
  },
  cinder: {
    pack: 'packs/cinder.yaml',
    triggers: { file: 'openstack/triggers-storage-network.yaml', names: ['volume_day', 'snapshot_day'] },
    pipelines: ['volume_day', 'snapshot_day'],
    needs:
      'cinder.conf: volume_usage_audit_period = day and driver = messagingv2; cinder-volume-usage-audit run by cron',
  },
  neutron: {
    pack: 'packs/neutron.yaml',
    triggers: { file: 'openstack/triggers-storage-network.yaml', names: ['address_day'] },
    pipelines: ['resource_day'],
    needs: 'neutron.conf: driver = messagingv2; neutron-usage-audit run by cron',
  },
}
