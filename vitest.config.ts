import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    reporters: ['default', './test/support/count-reporter.ts'],
    maxWorkers: 2,
    projects: [
      // A busy machine must not fail a test that only computes.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 } },
      // Consumers, workers and engine on a simulated clock, broker and store that fail, by seeds.
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'services',
          include: ['test/{contract,integration,e2e}/**/*.test.ts'],
          // real RabbitMQ and MariaDB, started once for all files
          globalSetup: ['test/support/services-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
