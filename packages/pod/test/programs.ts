import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PodSpec } from '../src/index.ts'

/** The programs' sources: what is tested is what is in the tree, bundled or not. */
export const programs = {
  liteEngine: fileURLToPath(new URL('../../../apps/lite-engine/src/main.ts', import.meta.url)),
  dbStep: fileURLToPath(new URL('../../../apps/db-step/src/main.ts', import.meta.url)),
}

export function stateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sluice-pod-'))
}

export function podSpec(podId: string, changes: Partial<PodSpec> = {}): PodSpec {
  return {
    podId,
    steps: [{ name: 'db', kind: 'db-step' }],
    secrets: {},
    log: { url: '', caPem: '', token: '' },
    maxIdleMs: 600_000,
    ...changes,
  }
}
