#!/usr/bin/env node
import { runProgram } from './program.ts'
import { stv3Program } from './stv3-program.ts'

await runProgram(await stv3Program(process.argv[2]))
