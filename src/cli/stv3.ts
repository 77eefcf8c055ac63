#!/usr/bin/env node
import { requireNode } from './require-node.ts'

requireNode('stv3')
const { runProgram } = await import('./program.ts')
const { stv3Program } = await import('./stv3-program.ts')

await runProgram(await stv3Program(process.argv[2]))
