import type { Command } from 'commander'
import { handlerFaults, requirePipelines } from '../../assembly/require-pipelines.ts'
import type { Config } from '../../config/load/config.ts'
import { checkConfig } from '../../config/load/load-config.ts'
import { checkConnections } from '../../connection-check/check-connections.ts'
import { flatFinding, formatFinding } from '../../connection-check/finding.ts'
import { ConfigError, formatProblem, type Problem, StackTachError } from '../../domain/errors.ts'
import { findingsOf } from '../../explain/against/findings.ts'
import { Observation } from '../../explain/against/observation.ts'
import { auditNeeds } from '../../explain/verify/audit-needs.ts'
import { createCommand, print } from '../program.ts'
import { readNotifications } from '../read-notifications.ts'

type Options = { config: string; against?: readonly string[]; connect?: true; json?: true }

/** Creates `stv3 check`, which reports every problem of a configuration in one run. */
export function checkCommand(): Command {
  return createCommand(
    'check',
    'validate all files of a configuration, and compare it with notifications or servers',
    'stv3 check -c config/yagi.conf\n  stv3 check -c config/winchester.yaml --against day.jsonl.gz\n  stv3 check -c config/openstack/yagi.conf --connect',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
    .option(
      '--against <file...>',
      'notifications, one a line (.gz unpacked, - is standard input): also report event types without a definition, and definitions, traits and triggers that no notification needs',
    )
    .option('--connect', 'also check broker, queues, exchanges, database and archive; changes nothing')
    .option('--json', 'one JSON object a line')
    .action(check)
}

async function check({ config: file, against, connect, json }: Options): Promise<void> {
  const { problems, config } = await checkConfig(file, process.env, {
    mode: 'check',
    checkHandlers: handlerFaults,
  })
  await printProblems(problems, json)
  const held = config && against ? await holdAgainst(config, against) : undefined
  if (held) await printProblems(held.findings, json)
  const all = [...problems, ...(held?.findings ?? [])]
  const errors = all.filter(({ severity }) => severity === 'error').length
  if (errors === 0 && !json) {
    const more = held ? `; it was compared with ${held.notifications} notifications` : ''
    await print(`${file} is valid${more}\n`)
    if (config) for (const need of await needsOf(config)) await print(`note: ${need}\n`)
  }
  const failures = errors + (connect && config ? await look(config, json) : 0)
  if (failures > 0) throw new ConfigError(`${file}: ${failures} ${failures === 1 ? 'error' : 'errors'}`)
}

async function needsOf(config: Config): Promise<readonly string[]> {
  return auditNeeds(config.triggers, await requirePipelines(config))
}

/**
 * Compares the notifications of files with a configuration. Returns the findings and the number of
 * notifications.
 */
async function holdAgainst(
  config: Config,
  files: readonly string[],
): Promise<{ readonly findings: readonly Problem[]; readonly notifications: number }> {
  const observation = new Observation(config)
  for (const file of files) {
    for await (const { number, text } of readNotifications(file)) {
      observation.add(text, { file, line: number, column: 1 })
    }
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
  const findings = await checkConnections(config)
  for (const finding of findings) {
    await print(`${json ? JSON.stringify(flatFinding(finding)) : formatFinding(finding)}\n`)
  }
  return findings.filter(({ state }) => state === 'error').length
}

async function printProblems(problems: readonly Problem[], json: true | undefined): Promise<void> {
  for (const problem of problems) {
    await print(`${json ? JSON.stringify(flat(problem)) : formatProblem(problem)}\n`)
  }
}

function flat({ severity, code, position, path, message }: Problem): object {
  return { severity, code, ...position, path, message }
}
