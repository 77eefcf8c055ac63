import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../../config/load/config.ts'
import { isModulePath } from '../../runtime/load-class.ts'

/** The modules of handlers, plugins and apps of the user's own: when each was changed, by its path. */
export type OwnModules = ReadonlyMap<string, number>

/** Reads when the modules that a configuration names were changed; a missing file has the time 0. */
export function ownModules({ winchester, folder, yagi }: Config): OwnModules {
  const { pipeline_handlers, distiller_trait_plugins } = winchester
  const apps = yagi?.queues.flatMap((queue) => queue.apps.map(({ classPath }) => classPath)) ?? []
  const classPaths = [...Object.values(pipeline_handlers), ...Object.values(distiller_trait_plugins), ...apps]
  const paths = classPaths
    .filter(isModulePath)
    .map((classPath) => resolve(folder, classPath.slice(0, classPath.lastIndexOf(':'))))
  return new Map(paths.map((path) => [path, statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0]))
}

/** Returns the modules that were loaded and have changed since: a process imports a module once. */
export function staleModules(loaded: OwnModules, now: OwnModules): string[] {
  return [...now].flatMap(([path, at]) => {
    const was = loaded.get(path)
    return was === undefined || was === at ? [] : [path]
  })
}
