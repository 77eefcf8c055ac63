import type { Random } from '../random.ts'

/** Bytes that went through the networks of an instance, by network. */
export type Bandwidth = {
  readonly [network in 'public' | 'private']: { readonly bw_in: number; readonly bw_out: number }
}

export function someBandwidth(random: Random): Bandwidth {
  return {
    public: { bw_in: random.int(0, 2_000_000_000), bw_out: random.int(0, 2_000_000_000) },
    private: { bw_in: random.int(0, 50_000_000), bw_out: random.int(0, 50_000_000) },
  }
}
