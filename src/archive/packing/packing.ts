import { fork } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Packed, type PackFile, packFile } from './pack-file.ts'

/** Smaller files are packed by this process: starting another one costs more. */
const SMALL_BYTES = 4 << 20

const PROGRAM = fileURLToPath(import.meta.resolve(`./pack-program${import.meta.url.slice(-3)}`))

/** What the process says in the end. */
export type PackAnswer = { readonly packed: Packed } | { readonly failure: string }

/** Packs a file and makes its index; a large one in a process of its own, behind everything else on the machine. */
export async function packApart(job: PackFile): Promise<Packed> {
  const { size } = await stat(job.source)
  return size < SMALL_BYTES ? packFile(job) : packInProcess(job)
}

function packInProcess(job: PackFile): Promise<Packed> {
  const child = fork(PROGRAM, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  return new Promise((resolve, reject) => {
    let answer: PackAnswer | undefined
    child.on('message', (message) => {
      answer = message as PackAnswer
    })
    child.on('error', reject)
    // Not at its exit: then its answer may still be on the way.
    child.on('close', (code, signal) => {
      if (!answer) reject(new Error(`the process that packs it ended with ${signal ?? code}`))
      else if ('failure' in answer) reject(new Error(answer.failure))
      else resolve(answer.packed)
    })
    child.send(job)
  })
}
