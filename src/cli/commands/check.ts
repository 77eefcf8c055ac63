import type { Command } from 'commander'
import { checkConfig } from '../../config/load-config.ts'
import { ConfigError, formatProblem, type Problem } from '../../domain/errors.ts'
import { createCommand, print } from '../program.ts'
import { handlerFaults } from '../require-pipelines.ts'

type Options = { config: string; json?: true }

/** `stv3 check`: every problem of a configuration in one go. */
export function checkCommand(): Command {
  return createCommand('check', 'validate all files of a configuration', 'stv3 check -c config/yagi.conf')
    .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
    .option('--json', 'one JSON object a line')
    .action(check)
}

async function check({ config: file, json }: Options): Promise<void> {
  const { problems } = await checkConfig(file, process.env, handlerFaults)
  for (const problem of problems) {
    await print(`${json ? JSON.stringify(flat(problem)) : formatProblem(problem)}\n`)
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) throw new ConfigError(`${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}`)
  if (!json) await print(`${file} is valid\n`)
}

function flat({ severity, code, position, path, message }: Problem): object {
  return { severity, code, ...position, path, message }
}
