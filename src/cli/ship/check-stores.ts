import { closeTargets, openTargets } from '../../assembly/ship/open-targets.ts'
import { type Guard, probeTarget } from '../../assembly/ship/probe-target.ts'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import { messageOf } from '../../domain/errors.ts'
import { type PrintableFinding, printFinding } from '../print-finding.ts'

type Targets = ShipConfig['targets']
type Severity = 'ok' | 'warning' | 'error'

const TOLD: { readonly [guard in Guard]: { readonly severity: Severity; readonly message: string } } = {
  condition: { severity: 'ok', message: 'creates an object only where there is none' },
  question: {
    severity: 'warning',
    message:
      'takes no conditional writes; it is asked for an object before one is put, and two that write the same key at the same time could both be told that there is none: give each host keys of its own, as by %n',
  },
  nothing: {
    severity: 'error',
    message:
      'takes no conditional writes and does not say so: an object that is there would be overwritten; set conditions: false, and it is asked for the object first',
  },
}

/** Asks each target what keeps it from overwriting, and prints that. Resolves to the number of errors. */
export async function checkStores(targets: Targets, json: true | undefined): Promise<number> {
  let errors = 0
  for (const [name, settings] of Object.entries(targets)) {
    const { severity, message } = await told(name, settings)
    if (severity === 'error') errors++
    await printFinding(printable(name, severity, message), json)
  }
  return errors
}

async function told(
  name: string,
  settings: Targets[string],
): Promise<{ readonly severity: Severity; readonly message: string }> {
  try {
    const opened = await openTargets({ [name]: settings })
    try {
      const [target] = Object.values(opened)
      return target ? TOLD[await probeTarget(target)] : { severity: 'error', message: 'cannot be opened' }
    } finally {
      await closeTargets(opened)
    }
  } catch (error) {
    return { severity: 'error', message: `cannot be used: ${messageOf(error)}` }
  }
}

function printable(target: string, severity: Severity, message: string): PrintableFinding {
  const line = `target ${target}: ${severity === 'warning' ? 'warning: ' : ''}${message}`
  return { line, fields: { severity, code: 'store', target, message } }
}
