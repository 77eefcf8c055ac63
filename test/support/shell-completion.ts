import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { folderWith } from './folders.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What a shell runs to print what a script completes: script, function, words. */
const COMPLETE: { readonly [shell in Shell]: string } = {
  bash: `. "$1"; f=$2; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); $f; echo "\${COMPREPLY[@]}"`,
  zsh: `compadd() { while [[ $1 == -[ld] ]]; do [[ $1 == -d ]] && shift; shift; done; [[ $1 == -- ]] && shift; print -l -- $@ | grep -e "^\${words[CURRENT]}" | tr '\\n' ' ' }
_files() { print -n 'FILES ' }
compdef() { :; }; source $1; f=$2; shift 2; words=("$@"); CURRENT=$#; $f`,
  fish: `source $argv[1]; complete -C "$argv[3..]" | string replace -r '\\t.*' ''; true`,
}

export function hasShell(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}

/** Returns a function that completes the last of some words by a script, in the order of the alphabet. */
export function completing(shell: Shell, script: string, program: string): (...words: string[]) => string[] {
  const file = join(folderWith({ script }), 'script')
  return (...words) => {
    const name = shell === 'fish' ? [] : [shell]
    const args = ['-c', COMPLETE[shell], ...name, file, `_${program}`, ...words]
    return execFileSync(shell, args, { encoding: 'utf8' }).trim().split(/\s+/).sort()
  }
}
