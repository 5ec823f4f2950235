import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const isOfBrowser = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/src/browser/')

/** What a browser does to the demo comes after what is said of the demo as it was made. */
class BrowserLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter((file) => !isOfBrowser(file)), ...sorted.filter(isOfBrowser)]
  }
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['src/**/*.test.ts'],
    exclude: ['src/compose/**'],
    globalSetup: ['src/system/global-setup.ts'],
    // One system: its tests take turns.
    fileParallelism: false,
    sequence: { sequencer: BrowserLast },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
  },
})
