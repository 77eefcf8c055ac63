import type { Command } from 'commander'
import { handlerFaults, requirePipelines } from '../../assembly/require-pipelines.ts'
import type { Config } from '../../config/load/config.ts'
import { checkConfig } from '../../config/load/load-config.ts'
import { describeWithoutWinchester } from '../../config/load/without-winchester.ts'
import { checkConnections } from '../../connection-check/check-connections.ts'
import { flatConnectionFinding, formatConnectionFinding } from '../../connection-check/connection-finding.ts'
import { errorsAmong, type Finding, StackTachError } from '../../domain/errors.ts'
import { findingsOf } from '../../explain/against/findings.ts'
import { Observation } from '../../explain/against/observation.ts'
import { auditNeeds } from '../../explain/verify/audit-needs.ts'
import { printFinding, printFindings, requireNone } from '../print-finding.ts'
import { createCommand, print } from '../program.ts'
import { readJsonTexts } from '../read-json-texts.ts'
import { tellWait } from '../tell-wait.ts'

type Options = { config: string; against?: readonly string[]; connect?: true; json?: true }

/** Creates `stv3 check`, which reports every finding about a configuration in one run. */
export function checkCommand(): Command {
  return createCommand(
    'check',
    'validate all files of a configuration, and compare it with notifications or servers',
    'stv3 check -c config/yagi.conf\n  stv3 check -c config/winchester.yaml --against day.jsonl.gz\n  stv3 check -c config/openstack/yagi.conf --connect',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
    .option(
      '--against <file...>',
      'notifications, one a line, indented or in lists, also gzipped; - is standard input: also report event types without a definition, and definitions, traits and triggers that no notification needs',
    )
    .option(
      '--connect',
      'also check broker, queues, exchanges, database, archive, rights and free disk space; changes nothing',
    )
    .option('--json', 'one JSON object a line')
    .action(check)
}

async function check({ config: file, against, connect, json }: Options): Promise<void> {
  const { findings, config } = await checkConfig(file, process.env, {
    mode: 'check',
    checkHandlers: handlerFaults,
  })
  await printFindings(findings, json)
  const held = config && against ? await holdAgainst(config, against) : undefined
  if (held) await printFindings(held.findings, json)
  const all = [...findings, ...(held?.findings ?? [])]
  const errors = errorsAmong(all).length
  if (errors === 0 && !json) {
    const more = held ? `; it was compared with ${held.notifications} notifications` : ''
    await print(`${file} is valid${more}\n`)
    if (config) for (const note of await notesOn(config)) await print(`note: ${note}\n`)
  }
  requireNone(errors + (connect && config ? await look(config, json) : 0), file)
}

async function notesOn(config: Config): Promise<readonly string[]> {
  const without = describeWithoutWinchester(config)
  return [...(without ? [without] : []), ...auditNeeds(config.triggers, await requirePipelines(config))]
}

/**
 * Compares the notifications of files with a configuration. Returns the findings and the number of
 * notifications.
 */
async function holdAgainst(
  config: Config,
  files: readonly string[],
): Promise<{ readonly findings: readonly Finding[]; readonly notifications: number }> {
  const observation = new Observation(config)
  for (const file of files) {
    for await (const { text, place } of readJsonTexts(file)) observation.add(text, place())
  }
  // Of none it would be said that they need nothing.
  if (observation.notifications === 0)
    throw new StackTachError(
      'config',
      `${files.join(', ')}: no notifications to compare the configuration with`,
    )
  return { findings: findingsOf(config, observation), notifications: observation.notifications }
}

/** Checks the servers that a configuration names and prints the findings. Returns the number of errors. */
async function look(config: Config, json: true | undefined): Promise<number> {
  const findings = await tellWait('broker, database and archive', checkConnections(config))
  for (const finding of findings) {
    const printable = { line: formatConnectionFinding(finding), fields: flatConnectionFinding(finding) }
    await printFinding(printable, json)
  }
  return findings.filter(({ state }) => state === 'error').length
}
