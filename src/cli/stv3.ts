#!/usr/bin/env node
import { requireNode } from './require-node.ts'

requireNode('stv3')
const { runProgram } = await import('./program.ts')
const { stv3Program } = await import('./stv3-program.ts')

if (process.argv[2] === 'status-relay') await (await import('./status/prepare-relay.ts')).prepareRelay()
await runProgram(await stv3Program(process.argv[2]))
