import type { Digest } from './target.ts'

/** What is to be done with an object. `put` creates it; the store must have none under its key. */
export type SignRequest = {
  readonly operation: 'put' | 'head' | 'get'
  readonly key: string
  /** of `put` */
  readonly digest?: Digest
  /** of `put`: whether the store was seen to take no conditions; it is asked for the object first */
  readonly isUnconditional?: boolean
}

/** A request that anybody may send for some minutes; `exists`: there is an object under the key. */
export type SignedRequest =
  | {
      readonly kind: 'signed'
      readonly method: string
      readonly url: string
      readonly headers: { readonly [name: string]: string }
    }
  | { readonly kind: 'exists' }

/** Signs requests with the keys of a store, for those that have none. */
export type ObjectSigner = {
  sign(request: SignRequest): Promise<SignedRequest>
}
