import { join } from 'node:path'
import { handlerFaults } from '../../src/assembly/require-pipelines.ts'
import { checkConfig } from '../../src/config/load/load-config.ts'
import { folderWith } from './folders.ts'

/** A small configuration without findings. */
export const SOUND_FILES = {
  'winchester.yaml': `
database:
  url: "sqlite::memory:"
distiller_config: events.yaml
trigger_definitions: triggers.yaml
pipeline_config: pipelines.yaml
`,
  'events.yaml': '- event_type: x.*\n  traits: {host: {fields: payload.host}}\n',
  'triggers.yaml': `
- name: one
  distinguished_by: [host]
  match_criteria: [{event_type: x.*}]
  fire_criteria: [{event_type: x.end}]
  expiration: $last + 1h
  fire_pipeline: go
`,
  'pipelines.yaml': 'go: [logger]\n',
}

/** Returns the findings of `stv3 check` about SOUND_FILES with some of them replaced. */
export async function findingsOf(files: { readonly [name: string]: string }, environment = {}) {
  const folder = folderWith({ ...SOUND_FILES, ...files })
  const { findings } = await checkConfig(join(folder, 'winchester.yaml'), environment, {
    mode: 'check',
    checkHandlers: handlerFaults,
  })
  return findings.map(({ position, message, severity, code }) => ({
    at: `${position.file.split('/').at(-1)}:${position.line}:${position.column}`,
    message,
    severity,
    code,
  }))
}
