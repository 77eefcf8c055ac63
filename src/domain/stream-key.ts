import { hash128 } from './hash.ts'
import { canonicalTraits, type DistinguishingTraits } from './trait.ts'

/**
 * Returns 128 bits over a trigger's name and the typed values of a stream's distinguishing traits, as 32 hex
 * digits.
 */
export function createStreamKeyHash(name: string, traits: DistinguishingTraits): string {
  return hash128(`${JSON.stringify(name)}${canonicalTraits(traits)}`)
}
