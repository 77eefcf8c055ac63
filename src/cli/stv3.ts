#!/usr/bin/env node
import { requireNode } from './require-node.ts'

requireNode('stv3')
if (process.argv[2] === 'replay') (await import('./share-one-arena.ts')).shareOneArena()
const { runProgram } = await import('./program.ts')
const { stv3Program } = await import('./stv3-program.ts')

if (process.argv[2] === 'status-relay') await (await import('./status/prepare-relay.ts')).prepareRelay()
const { isForLogs, prepareLogs } = await import('./logs/logs-args.ts')
if (isForLogs(process.argv.slice(2))) await prepareLogs()
await runProgram(await stv3Program(process.argv[2]))
