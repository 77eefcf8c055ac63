import type { Micros } from '../domain/time.ts'
import type { Random } from './random.ts'

export type Flavor = {
  readonly id: string
  readonly name: string
  readonly memoryMb: number
  readonly diskGb: number
  readonly vcpus: number
}

export const FLAVORS: readonly Flavor[] = [
  { id: '2', name: '512MB Standard Instance', memoryMb: 512, diskGb: 20, vcpus: 1 },
  { id: '3', name: '1GB Standard Instance', memoryMb: 1024, diskGb: 40, vcpus: 1 },
  { id: '4', name: '2GB Standard Instance', memoryMb: 2048, diskGb: 80, vcpus: 2 },
  { id: '5', name: '4GB Standard Instance', memoryMb: 4096, diskGb: 160, vcpus: 2 },
  { id: '6', name: '8GB Standard Instance', memoryMb: 8192, diskGb: 320, vcpus: 4 },
]

export type Image = {
  readonly id: string
  readonly distro: string
  readonly version: string
  readonly architecture: string
  readonly osType: string
}

const IMAGES: readonly Omit<Image, 'id'>[] = [
  { distro: 'org.debian', version: '12', architecture: 'x64', osType: 'linux' },
  { distro: 'com.ubuntu', version: '24.04', architecture: 'x64', osType: 'linux' },
  { distro: 'com.redhat', version: '9.4', architecture: 'x64', osType: 'linux' },
  { distro: 'com.microsoft.server', version: '2022', architecture: 'x64', osType: 'windows' },
]

/** An instance as Nova knows it at one moment. */
export type Instance = {
  readonly id: string
  readonly tenantId: string
  readonly userId: string
  readonly name: string
  readonly host: string
  readonly image: Image
  readonly createdAt: Micros
  flavor: Flavor
  /** Nova's vm_state */
  state: 'building' | 'active' | 'resized' | 'deleted'
  /** Nova's task_state, empty when it rests */
  task: string
  launchedAt: Micros | undefined
  deletedAt: Micros | undefined
  /** an operation is under way */
  busy: boolean
}

export function createInstance(random: Random, createdAt: Micros): Instance {
  const number = random.int(1, 99_999)
  return {
    id: random.uuid(),
    tenantId: String(random.int(100_000, 100_050)),
    userId: random.hex(32),
    name: `server-${number}`,
    host: `compute-${random.int(1, 40)}`,
    image: { ...random.pick(IMAGES), id: random.uuid() },
    createdAt,
    flavor: random.pick(FLAVORS),
    state: 'building',
    task: 'scheduling',
    launchedAt: undefined,
    deletedAt: undefined,
    busy: false,
  }
}
