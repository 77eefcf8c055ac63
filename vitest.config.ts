import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import manifest from './package.json' with { type: 'json' }

/** The package's own names lead to its sources here, so that examples are tested without a build. */
const alias = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string'
    ? []
    : [
        {
          find: name.replace('.', manifest.name),
          replacement: resolve(
            import.meta.dirname,
            target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
          ),
        },
      ],
)

/** `build.sh -t --long` sets it; `vitest run --project long FILE` runs some of them. */
const isLongWanted =
  process.env.STACKTACH_TEST_LONG !== undefined ||
  process.argv.some((word) => /^(--project=)?long$/.test(word))

// A busy or slow machine must not fail them: what waits in vain says so by itself.
const services = {
  // real RabbitMQ and MariaDB, started once for all files
  globalSetup: ['test/support/servers/services-setup.ts'],
  testTimeout: 600_000,
  hookTimeout: 300_000,
}

/** What takes minutes, and is left out unless asked for. */
const long = {
  test: { ...services, name: 'long', include: ['test/long/**/*.test.ts'], testTimeout: 14_400_000 },
}

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    // More than the cores of a small machine: many tests wait for servers and for time to pass.
    maxWorkers: 3,
    projects: [
      // A busy machine must not fail a test that only computes.
      {
        resolve: { alias },
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 600_000 },
      },
      // Consumers, workers and engine on a simulated clock, broker and store that fail, by seeds.
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 600_000 } },
      {
        resolve: { alias },
        test: { ...services, name: 'services', include: ['test/{contract,integration,e2e}/**/*.test.ts'] },
      },
      ...(isLongWanted ? [long] : []),
    ],
  },
})
