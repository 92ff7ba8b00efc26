import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Every lab starts a PostgreSQL of its own: more than two at once only make each other slow.
    maxWorkers: 2,
  },
})
