import type { Random } from '../random.ts'

/** A size of instance: memory, disks and CPUs. */
export type Flavor = {
  readonly id: string
  readonly name: string
  readonly memoryMb: number
  readonly diskGb: number
  readonly swapMb: number
  readonly vcpus: number
  readonly rxtxFactor: number
}

export const FLAVORS: readonly Flavor[] = [
  flavor('2', '512MB Standard Instance', 512, 20, 512, 1, 80),
  flavor('3', '1GB Standard Instance', 1024, 40, 1024, 1, 120),
  flavor('4', '2GB Standard Instance', 2048, 80, 2048, 2, 240),
  flavor('5', '4GB Standard Instance', 4096, 160, 2048, 2, 400),
  flavor('6', '8GB Standard Instance', 8192, 320, 2048, 4, 600),
  flavor('7', '15GB Standard Instance', 15_360, 620, 2048, 6, 800),
]

function flavor(
  id: string,
  name: string,
  memoryMb: number,
  diskGb: number,
  swapMb: number,
  vcpus: number,
  rxtxFactor: number,
): Flavor {
  return { id, name, memoryMb, diskGb, swapMb, vcpus, rxtxFactor }
}

/** An image with the operating system that instances are built from. */
export type Image = {
  readonly id: string
  readonly name: string
  readonly distro: string
  readonly version: string
  readonly architecture: string
  readonly osType: 'linux' | 'windows'
  readonly sizeBytes: number
}

const SYSTEMS: readonly Omit<Image, 'id' | 'sizeBytes'>[] = [
  system('Debian 12 (Bookworm)', 'org.debian', '12', 'linux'),
  system('Debian 13 (Trixie)', 'org.debian', '13', 'linux'),
  system('Ubuntu 24.04 LTS', 'com.ubuntu', '24.04', 'linux'),
  system('CentOS Stream 9', 'org.centos', '9', 'linux'),
  system('Red Hat Enterprise Linux 9', 'com.redhat', '9.4', 'linux'),
  system('Windows Server 2022', 'com.microsoft.server', '2022', 'windows'),
]

function system(
  name: string,
  distro: string,
  version: string,
  osType: Image['osType'],
): Omit<Image, 'id' | 'sizeBytes'> {
  return { name, distro, version, architecture: 'x64', osType }
}

/** Creates the public images of a cloud. */
export function createImages(random: Random): readonly Image[] {
  return SYSTEMS.map((system) => ({
    ...system,
    id: random.uuid(),
    sizeBytes: random.int(300_000_000, 4_000_000_000),
  }))
}

/** The project and user that own resources. */
export type Project = {
  readonly id: string
  readonly name: string
  readonly userId: string
  readonly userName: string
  readonly networkId: string
}

export function createProject(random: Random): Project {
  const number = random.int(100_000, 999_999)
  return {
    id: String(number),
    name: `project-${number}`,
    userId: random.hex(32),
    userName: `user-${random.int(100_000, 999_999)}`,
    networkId: random.uuid(),
  }
}
