import { must, run } from './run.ts'

/** A network of its own with a bridge, which leads nowhere else. */
export class Network {
  readonly name: string
  readonly bridge = 'br0'
  /** command that runs a program in this network, and nowhere else than there */
  readonly enter: readonly string[]

  constructor(name: string) {
    this.name = name
    this.enter = ['nsenter', `--net=/run/netns/${name}`, '--']
    must('ip', 'netns', 'add', name)
    const inside = (...args: string[]) => must('ip', '-n', name, ...args)
    inside('link', 'set', 'lo', 'up')
    inside('link', 'add', this.bridge, 'type', 'bridge')
    inside('addr', 'add', `${addressOf(254)}/24`, 'dev', this.bridge)
    inside('link', 'set', this.bridge, 'up')
  }

  remove(): void {
    run('ip', ['netns', 'delete', this.name])
  }
}

/** Returns the address of a machine of the network, by its number. */
export function addressOf(number: number): string {
  return `10.99.0.${number}`
}
