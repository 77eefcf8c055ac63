import type { ReceivedTarget } from '../../config/load/received-plan.ts'
import type { TargetSettings } from '../../config/schemas/ship-schema.ts'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { openDirectoryTarget } from '../../objects/directory/directory-target.ts'
import type { SignedRequest, SignRequest } from '../../objects/signer.ts'
import type { ObjectTarget } from '../../objects/target.ts'
import { allEnded } from '../../runtime/all-ended.ts'

/** The targets of a configuration by name. */
export type Targets = { readonly [name: string]: ObjectTarget }

/** Has a request to a target signed by whoever has its keys. */
export type SignFor = (target: string, request: SignRequest) => Promise<unknown>

/**
 * Opens all targets; `sign` is for those whose requests a server signs. Rejects with StackTachError that names the one which cannot be
 * opened.
 */
export async function openTargets(
  settings: { readonly [name: string]: TargetSettings | ReceivedTarget },
  sign?: SignFor,
): Promise<Targets> {
  const targets: { [name: string]: ObjectTarget } = {}
  try {
    for (const [name, one] of Object.entries(settings)) targets[name] = await openTarget(name, one, sign)
    return targets
  } catch (error) {
    await closeTargets(targets)
    throw error
  }
}

/** Closes all targets. Rejects with the first error when all have ended. */
export function closeTargets(targets: Targets): Promise<void> {
  return allEnded(Object.values(targets).map((target) => target.close()))
}

async function openTarget(
  name: string,
  settings: TargetSettings | ReceivedTarget,
  sign: SignFor | undefined,
): Promise<ObjectTarget> {
  try {
    // What is not used is not loaded: the libraries of stores take much memory.
    if (settings.kind === 's3')
      return await (await import('../../objects/s3/s3-target.ts')).openS3Target(settings)
    if (settings.kind === 'swift')
      return (await import('../../objects/swift/swift-target.ts')).createSwiftTarget(settings)
    if (settings.kind === 'presigned') {
      const { createSignedTarget } = await import('../../objects/signed/signed-target.ts')
      return createSignedTarget(
        settings.place,
        async (request) => (await sign?.(name, request)) as SignedRequest,
      )
    }
    return await openDirectoryTarget(settings.folder)
  } catch (error) {
    throw new StackTachError('io', `cannot open the target ${name}: ${messageOf(error)}`, { cause: error })
  }
}
