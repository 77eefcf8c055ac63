import type { ListenRange } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'

/** Options of `stv3 logs-collector`. */
export type CollectorOptions = {
  readonly sourceDir: string
  readonly targetAddress: string
  readonly offsetsDb: string
  readonly rotateMb: number
  readonly rotateBytes?: number
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly recursive?: true
  readonly host?: string
  readonly zstd?: true
  readonly tls?: true
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tokenFile?: string
  readonly insecure?: true
  readonly dryRun?: true
  readonly json?: true
  readonly status?: ListenRange
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Options of `stv3 logs-processor`. */
export type ProcessorOptions = {
  readonly targetDir: string
  readonly listenAddress: string
  readonly path: string
  readonly fsync?: true
  readonly makeDirs?: true
  readonly stateDir?: string
  readonly maxMessageMb: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly allowPlain?: true
  readonly tokenFile?: string
  readonly queue?: string
  readonly config?: string
  readonly status?: ListenRange
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}
