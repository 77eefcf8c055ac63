import { resolve } from 'node:path'
import type { Config } from '../config/load/config.ts'
import { useOutgoing } from '../runtime/outgoing.ts'

/** Sends over HTTP as a configuration says from now on: by its proxy, with its certificates. */
export function useOutgoingOf({ winchester, folder }: Pick<Config, 'winchester' | 'folder'>): void {
  const { proxy, no_proxy: noProxy, ca, cert, key } = winchester.outgoing
  const pathOf = (file: string | undefined) => (file === undefined ? undefined : resolve(folder, file))
  useOutgoing({ proxy, noProxy, ca: pathOf(ca), cert: pathOf(cert), key: pathOf(key) })
}
