import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEADLY, IMAGE } from './extras.ts'

/** Streams of images, and one whose handler kills its worker, with everything that it has in hand. */
export function addTriggers(folder: string): void {
  writeFileSync(
    join(folder, 'killer.js'),
    `export class Killer {
      handleEvents() { process.kill(process.pid, 'SIGKILL') }
      commit() {}
      rollback() {}
    }`,
  )
  appendFileSync(join(folder, 'winchester.yaml'), '\npipeline_handlers:\n  killer: ./killer.js:Killer\n')
  appendFileSync(join(folder, 'pipelines.yaml'), `\n${DEADLY}: [killer]\n${IMAGE}: [logger]\n`)
  appendFileSync(
    join(folder, 'triggers.yaml'),
    `
- name: ${IMAGE}
  distinguished_by: [image_id]
  match_criteria: [{event_type: image.story}]
  fire_criteria: [{event_type: image.end}]
  expiration: $last + 3d
  expire_pipeline: ${IMAGE}
- name: ${DEADLY}
  distinguished_by: [event_type]
  match_criteria: [{event_type: image.deadly}]
  fire_criteria: [{event_type: image.deadly}]
  expiration: $last + 900d
  fire_pipeline: ${DEADLY}
`,
  )
}
