import { USER } from './base-layer.ts'
import { isoOf, type Release } from './release.ts'

/** Where the daemons of the image serve health, each in a network of its own. */
const STATUS = '127.0.0.1:9101'
const SECOND = 1_000_000_000

/** A layer of the image, as its configuration tells it. */
export type Layer = {
  /** SHA-256 of the layer before it was compressed, in hexadecimal */
  readonly diffId: string
  readonly what: string
}

/**
 * Returns the configuration of the image, in the form of the OCI's image specification. `Healthcheck` is Docker's addition
 * to it; engines that do not know it leave it out.
 */
export function imageConfig({ version, commit, seconds }: Release, layers: readonly Layer[]) {
  const created = isoOf(seconds)
  return {
    created,
    architecture: 'amd64',
    os: 'linux',
    config: {
      User: `${USER.id}:${USER.id}`,
      Env: [
        'PATH=/opt/stv3/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        `STACKTACH_ARCHIVE=${USER.home}/archive`,
        `STACKTACH_STATUS=${STATUS}`,
      ],
      Entrypoint: ['/opt/stv3/bin/stv3'],
      Cmd: ['--help'],
      WorkingDir: USER.home,
      Volumes: { [USER.home]: {} },
      ExposedPorts: { '8000/tcp': {} },
      StopSignal: 'SIGTERM',
      Healthcheck: {
        Test: ['CMD-SHELL', 'stv3 status --at "$STACKTACH_STATUS"'],
        Interval: 30 * SECOND,
        Timeout: 15 * SECOND,
        StartPeriod: 60 * SECOND,
        Retries: 3,
      },
      Labels: {
        'org.opencontainers.image.title': 'stacktach',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.revision': commit,
        'org.opencontainers.image.created': created,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
    history: layers.map(({ what }) => ({ created, created_by: 'sandbox/build.sh -p', comment: what })),
  }
}
