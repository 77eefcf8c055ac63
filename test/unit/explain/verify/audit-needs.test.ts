import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { requirePipelines } from '../../../../src/assembly/require-pipelines.ts'
import { loadConfig } from '../../../../src/config/load/load-config.ts'
import { auditNeeds } from '../../../../src/explain/verify/audit-needs.ts'
import { folderWith } from '../../../support/folders.ts'

const CONFIG = resolve(import.meta.dirname, '../../../../config')

test.each([
  [
    'triggers.yaml',
    'instance_day, versioned_instance_day verify usage by the day: nova.conf needs instance_usage_audit = True and instance_usage_audit_period = day or hour',
  ],
  [
    'openstack/triggers-month.yaml',
    'instance_month, versioned_instance_month verify usage by the month: nova.conf needs instance_usage_audit = True and instance_usage_audit_period = month',
  ],
  ['openstack/triggers-storage-network.yaml', undefined],
])('what %s needs of nova.conf', async (triggers, need) => {
  const folder = folderWith({
    'winchester.yaml': `config_path: ${CONFIG}\ndistiller_config: event_definitions.yaml\ntrigger_definitions: ${triggers}\npipeline_config: pipelines.yaml\ndatabase: {url: "sqlite::memory:"}\n`,
  })
  const config = await loadConfig(resolve(folder, 'winchester.yaml'), {})
  const needs = auditNeeds(config.triggers, await requirePipelines(config))
  expect(needs).toEqual(need === undefined ? [] : [expect.stringContaining(need)])
})
