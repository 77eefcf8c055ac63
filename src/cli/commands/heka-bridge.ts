import type { Command } from 'commander'
import { buildBridge } from '../../assembly/heka/build-bridge.ts'
import { BRIDGE } from '../../heka/settings/programs.ts'
import { createSettingsCommand } from '../heka/settings-command.ts'

/** Creates `stv3 heka-bridge`, which makes notifications of messages, for triggers and pipelines. */
export function hekaBridgeCommand(): Command {
  return createSettingsCommand({
    name: 'heka-bridge',
    role: 'heka_bridge',
    description: 'make notifications of messages of Heka, by the rules of a YAML file',
    example: `stv3 heka-bridge --client-id bridge-1 --subject lagermeister-test --mapping heka-mapping.yaml \\
    --routing-key monitor.info`,
    program: BRIDGE,
    build: buildBridge,
  })
}
