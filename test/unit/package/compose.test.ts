import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { imageConfig } from '../../../sandbox/package/image-config.ts'
import { imageName } from '../../../sandbox/package/oci-image.ts'
import { stv3Program } from '../../../src/cli/stv3-program.ts'
import { exampleVariables, readCompose } from '../../support/package/compose.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const example = exampleVariables()
const environment = Object.fromEntries(example.map((name) => [name, `${name.toLowerCase()}1`]))
const { text, compose } = readCompose(environment)
const services = Object.entries(compose.services)
const own = services.filter(([, { image }]) => image.includes('stacktach'))

test('the parts are those of a deployment, on the image that is built', () => {
  expect(own.map(([name]) => name).sort()).toEqual(['api', 'consumer', 'time-server', 'upgrade', 'worker'])
  const image = imageName({ version: manifest.version, commit: '', seconds: 0 })
  for (const [name, service] of own) expect(service.image, name).toBe(image)
})

test.each(own)('%s runs a command that there is, with files that there are', async (_, { command = [] }) => {
  const [name = '', ...rest] = command
  const program = await stv3Program(name)
  let found = program.commands.find((one) => one.name() === name)
  while (found && found.commands.length > 0) {
    const next = rest.shift()
    found = found.commands.find((one) => one.name() === next)
  }
  expect(found, command.join(' ')).toBeDefined()
  const flags = found?.options.flatMap(({ short, long }) => [short, long])
  for (const word of rest.filter((one) => one.startsWith('-'))) expect(flags).toContain(word)
  const files = rest.filter((one) => one.startsWith('/etc/stv3/'))
  for (const file of files)
    expect(existsSync(join(ROOT, 'config', file.slice('/etc/stv3/'.length))), file).toBe(true)
})

test('compose.env names each variable that the file takes, and no other but that of the image', () => {
  const taken = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string)
  expect([...new Set(taken)].sort()).toEqual([...example, 'STV3_IMAGE'].sort())
})

test('each variable of a part is read by it', () => {
  const sources = ['src', 'config'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|ya?ml|conf)$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
  )
  const names = new Set(own.flatMap(([, service]) => Object.keys(service.environment)))
  expect(names.size).toBeGreaterThan(6)
  for (const name of names)
    expect(
      sources.some((source) => source.includes(name)),
      name,
    ).toBe(true)
})

test('what is waited for can come: healthy parts have a check, completed ones end', () => {
  for (const [name, { depends_on = {} }] of services)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const awaited = compose.services[other]
      expect(awaited, `${name} waits for ${other}`).toBeDefined()
      if (condition === 'service_completed_successfully') expect(awaited?.restart).toBe('no')
      else expect(awaited?.healthcheck.test, `${other} has a check`).toBeDefined()
    }
})

test('the check of health is that of the image', () => {
  const { config } = imageConfig({ version: '1', commit: '', seconds: 0 }, [])
  for (const [name, { healthcheck }] of own)
    expect(healthcheck, name).toMatchObject(
      name === 'upgrade' ? { disable: true } : { test: config.Healthcheck.Test },
    )
})

test('volumes are declared, and used', () => {
  const used = services.flatMap(([, { volumes }]) => volumes.map((volume) => volume.split(':')[0] as string))
  expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort())
})

test('no secret stands in the file, none is empty, and ports are those of this machine', () => {
  for (const [name, service] of services)
    for (const [key, value] of Object.entries(service.environment))
      if (/PASS|TOKEN|URL/.test(key) && !/RANDOM/.test(key))
        expect(value, `${name} ${key}`).toMatch(/(password|token)1/)
  for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  for (const name of ['RABBITMQ_PASSWORD', 'MARIADB_PASSWORD', 'STACKTACH_READ_TOKEN'])
    expect(() => readCompose({ ...environment, [name]: '' })).toThrow(`${name}: set it in .env`)
})
