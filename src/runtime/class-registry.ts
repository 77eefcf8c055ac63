import { StackTachError } from '../domain/errors.ts'
import { didYouMean } from '../text/suggest.ts'
import { isModulePath, loadClass } from './load-class.ts'

export type RegistryOptions<BuiltIn> = {
  /** Word for one entry in messages: `handler`. */
  readonly kind: string
  /** Entries built in, by short name. */
  readonly builtIn: { readonly [name: string]: BuiltIn }
  /** The same by the class paths of the original, `module:Class`; files may have a dot for the colon. */
  readonly classPaths: { readonly [classPath: string]: BuiltIn }
  /** Methods that a class of the user's own must have. */
  readonly methods: readonly string[]
  /** Static method of a class that needs none of these methods. */
  readonly factory?: string
  /** End of the message on an unknown name: how classes of the user's own are named. */
  readonly ownOnes: string
}

/** Names that a configuration gives to class paths, and the folder that module paths start from. */
export type NamedClasses = {
  readonly named: { readonly [name: string]: string }
  readonly folder: string
}

/**
 * Classes of one kind that configurations name: those built in, by short name or by the original's class path, and
 * those that modules of the user's own export.
 *
 *     const handlers = new ClassRegistry<HandlerClass>({ kind: 'handler', builtIn: { logger: LoggerHandler }, … })
 *     await handlers.load('mine', { named: { mine: './mine.js:Mine' }, folder: '/etc/stacktach' })
 */
export class ClassRegistry<BuiltIn, Own = BuiltIn> {
  readonly #options: RegistryOptions<BuiltIn>
  readonly #byPath: ReadonlyMap<string, BuiltIn>

  constructor(options: RegistryOptions<BuiltIn>) {
    this.#options = options
    this.#byPath = new Map(Object.entries({ ...options.classPaths, ...options.builtIn }))
  }

  /** Short names of the entries built in. */
  get names(): readonly string[] {
    return Object.keys(this.#options.builtIn)
  }

  /** Entries built in, by short name. */
  get entries(): { readonly [name: string]: BuiltIn } {
    return this.#options.builtIn
  }

  /** Returns the entry built in under a short name or class path; undefined where there is none. */
  builtIn(classPath: string): BuiltIn | undefined {
    return this.#byPath.get(classPath) ?? this.#byPath.get(classPath.replace(/\.(\w+)$/, ':$1'))
  }

  /** Returns what a name or class path stands for. Throws StackTachError that lists what is known. */
  async load(name: string, { named, folder }: NamedClasses): Promise<BuiltIn | Own> {
    const classPath = Object.hasOwn(named, name) ? (named[name] as string) : name
    const builtIn = this.builtIn(classPath)
    if (builtIn !== undefined) return builtIn
    if (isModulePath(classPath)) return this.loadOwn(classPath, folder)
    throw new StackTachError('config', this.unknown(name, Object.keys(named), classPath))
  }

  /** Imports a class of the user's own. Throws StackTachError that says what is wrong with it. */
  async loadOwn(classPath: string, folder: string): Promise<Own> {
    const { methods, factory } = this.#options
    return (await loadClass(classPath, folder, { methods, factory })) as Own
  }

  /** Returns the message on a name that stands for nothing; `more` are names known beside those built in. */
  unknown(name: string, more: readonly string[] = [], classPath = name): string {
    const { kind, ownOnes } = this.#options
    const what = classPath === name ? name : `${name} (${classPath})`
    // A name of the configuration that stands for nothing is among `more`, but not known.
    const others = [...new Set([...more, ...this.names])].filter((one) => one !== name)
    return `there is no ${kind} ${what}; known are ${others.join(', ')}, ${ownOnes}${didYouMean(classPath, others)}`
  }
}
