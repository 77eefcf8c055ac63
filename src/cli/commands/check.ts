import type { Command } from 'commander'
import { checkConfig } from '../../config/load-config.ts'
import { ConfigError, formatProblem, type Problem } from '../../domain/errors.ts'
import { checkConnections } from '../connection-check/check-connections.ts'
import { flatFinding, formatFinding } from '../connection-check/finding.ts'
import { createCommand, print } from '../program.ts'
import { handlerFaults } from '../require-pipelines.ts'

type Options = { config: string; connect?: true; json?: true }

/** `stv3 check`: every problem of a configuration in one go. */
export function checkCommand(): Command {
  return createCommand('check', 'validate all files of a configuration', 'stv3 check -c config/yagi.conf')
    .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
    .option('--connect', 'also look at broker, queues, exchanges, database and archive; changes nothing')
    .option('--json', 'one JSON object a line')
    .action(check)
}

async function check({ config: file, connect, json }: Options): Promise<void> {
  const { problems, config } = await checkConfig(file, process.env, handlerFaults)
  for (const problem of problems) {
    await print(`${json ? JSON.stringify(flat(problem)) : formatProblem(problem)}\n`)
  }
  const errors = countErrors(problems)
  if (errors === 0 && !json) await print(`${file} is valid\n`)
  const findings = connect && config ? await checkConnections(config) : []
  for (const finding of findings) {
    await print(`${json ? JSON.stringify(flatFinding(finding)) : formatFinding(finding)}\n`)
  }
  const all = errors + countErrors(findings)
  if (all > 0) throw new ConfigError(`${file}: ${all} ${all === 1 ? 'error' : 'errors'}`)
}

function countErrors(found: readonly { readonly severity?: string; readonly state?: string }[]): number {
  return found.filter(({ severity, state }) => (severity ?? state) === 'error').length
}

function flat({ severity, code, position, path, message }: Problem): object {
  return { severity, code, ...position, path, message }
}
