/**
 * Starts this process anew, in its place, with one arena of memory for all its threads, unless the environment
 * tells how many. Each thread of Node that packs, reads or collects garbage has an arena of its own otherwise, and what is
 * free there is not given back: some 20 MB, for which a command with a limit would have to collect garbage all the time.
 *
 * To be called before anything else is done. Changes nothing on systems without glibc, whose allocator knows the variable.
 */
export function shareOneArena(): void {
  const { env, execArgv, execPath, argv } = process
  if (env.MALLOC_ARENA_MAX !== undefined || process.platform !== 'linux') return
  process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, MALLOC_ARENA_MAX: '1' })
}
