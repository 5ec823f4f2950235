import { defineConfig } from 'vitest/config'

/** The system in containers. It needs a Docker engine, compose, and the base images or a registry. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['src/compose/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
  },
})
