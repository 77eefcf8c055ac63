/** Fields in which an exists must agree with the operations before it. */
export const CORE_FIELDS: readonly string[] = [
  'launched_at',
  'instance_flavor_id',
  'tenant_id',
  'os_architecture',
  'os_version',
  'os_distro',
]
