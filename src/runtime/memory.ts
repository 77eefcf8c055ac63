import { setFlagsFromString } from 'node:v8'

/**
 * Lets the heap grow by 130 % of what lives in it before old garbage is collected. V8 would let it grow to more than
 * three times as much, for a tenth more speed: a consumer of full queues then holds 320 MB instead of 240.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=130')
}
