import type { TargetSettings } from '../../config/schemas/ship-schema.ts'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { openDirectoryTarget } from '../../objects/directory/directory-target.ts'
import type { ObjectTarget } from '../../objects/target.ts'

/** The targets of a configuration by name. */
export type Targets = { readonly [name: string]: ObjectTarget }

/** Opens all targets. Rejects with StackTachError that names the one which cannot be opened. */
export async function openTargets(settings: { readonly [name: string]: TargetSettings }): Promise<Targets> {
  const targets: { [name: string]: ObjectTarget } = {}
  try {
    for (const [name, one] of Object.entries(settings)) targets[name] = await openTarget(name, one)
    return targets
  } catch (error) {
    await closeTargets(targets)
    throw error
  }
}

export async function closeTargets(targets: Targets): Promise<void> {
  for (const target of Object.values(targets)) await target.close()
}

async function openTarget(name: string, settings: TargetSettings): Promise<ObjectTarget> {
  try {
    // What is not used is not loaded: the libraries of stores take much memory.
    if (settings.kind === 's3')
      return await (await import('../../objects/s3/s3-target.ts')).openS3Target(settings)
    if (settings.kind === 'swift')
      return (await import('../../objects/swift/swift-target.ts')).createSwiftTarget(settings)
    return await openDirectoryTarget(settings.folder)
  } catch (error) {
    throw new StackTachError('io', `cannot open the target ${name}: ${messageOf(error)}`, { cause: error })
  }
}
