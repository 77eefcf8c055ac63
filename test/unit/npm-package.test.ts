import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { productionPackages } from '../../sandbox/package/production-packages.ts'
import { temporaryFolder } from '../support/folders.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'docs/examples')
const project = mkdtempSync(join(tmpdir(), 'stacktach-npm-'))
const installed = join(project, 'node_modules/stacktach')

afterAll(() => rmSync(project, { recursive: true, force: true }), 600_000)

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Packs the package and installs it into an empty project by npm, without a network: its dependencies come from folders here. */
beforeAll(() => {
  const packed = run('npm', ['pack', '--silent', '--pack-destination', project], ROOT)
  expect(packed).toMatchObject({ status: 0 })
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'))
  const lockfile = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const packages = productionPackages(lockfile, { types: true })
  expect(packages.filter((path) => path.lastIndexOf('node_modules/') > 0)).toEqual([])
  const folders = packages.map((path) => [path.replace('node_modules/', ''), `file:${join(ROOT, path)}`])
  const dependencies = { stacktach: `file:${tarball}`, ...Object.fromEntries(folders) }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', dependencies }))
  const args = [
    'install',
    '--offline',
    '--cache',
    join(project, 'cache'),
    '--install-links',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  ]
  expect(run('npm', args, project)).toMatchObject({ status: 0 })
}, 600_000)

test('each example compiles in a strict project that has nothing but the package', () => {
  cpSync(EXAMPLES, join(project, 'examples'), { recursive: true })
  const compilerOptions = {
    ...{ target: 'es2024', module: 'nodenext', strict: true, noEmit: true, noUncheckedIndexedAccess: true },
    ...{ exactOptionalPropertyTypes: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true },
    ...{ skipLibCheck: false, allowJs: true, types: ['node'] },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['examples'] }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  expect(run(process.execPath, [tsc, '-p', '.'], project)).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('all that the package exports has whole types, without a setting of the project', () => {
  const folder = join(project, 'types')
  mkdirSync(folder, { recursive: true })
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const names = Object.keys(exports).filter((name) => name !== './package.json')
  const lines = names.map((name, index) => `export * as m${index} from 'stacktach${name.slice(1)}'`)
  writeFileSync(join(folder, 'all.ts'), lines.join('\n'))
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['all.ts'] }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  expect(run(process.execPath, [tsc, '-p', folder], project)).toEqual({ status: 0, stdout: '', stderr: '' })
})

test('the example of the engine runs on the installed package', () => {
  const example = join(project, 'examples/embedded/orders-in-process.ts')
  expect(run(process.execPath, [example], project)).toEqual({
    status: 0,
    stdout:
      'A-17 complete, 3 events, completed\nA-18 expired, 2 events, completed\nA-19 expired, 1 events, completed\n',
    stderr: '',
  })
})

test('the commands run, and say in one sentence when Node is too old or packages are missing', () => {
  const bin = join(project, 'node_modules/.bin/stv3')
  const version = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version
  expect(run(bin, ['--version'], project)).toMatchObject({ status: 0, stdout: `${version}\n` })
  const pretence = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})"
  for (const program of ['stv3', 'klugman']) {
    const file = join(installed, `dist/cli/${program}.js`)
    expect(run(process.execPath, ['--import', pretence, file, '--version'], project)).toEqual({
      status: 1,
      stdout: '',
      stderr: `${program}: Node 20.20.2 is too old, 24 or newer is needed\n`,
    })
  }
  const alone = temporaryFolder()
  cpSync(installed, join(alone, 'stacktach'), { recursive: true })
  rmSync(join(alone, 'stacktach/node_modules'), { recursive: true, force: true })
  const file = join(alone, 'stacktach/dist/cli/stv3.js')
  expect(run(process.execPath, [file, '--version'], dirname(file))).toEqual({
    status: 1,
    stdout: '',
    stderr: 'stv3: its packages are not installed; run npm ci in its folder\n',
  })
})
