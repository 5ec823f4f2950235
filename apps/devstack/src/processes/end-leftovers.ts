import { setTimeout as delay } from 'node:timers/promises'
import { startOf } from '../folder/process-identity.ts'
import type { LeftProcess } from '../folder/state.ts'

/** Ends processes of an earlier run whose npm start was killed before it could; only those that are still the same ones. */
export async function endLeftovers(processes: readonly LeftProcess[]): Promise<void> {
  await Promise.all(
    processes.map(async ({ pid, start }) => {
      const isSame = async () => start !== undefined && (await startOf(pid)) === start
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        if (!(await isSame())) return
        signalGroup(pid, signal)
        for (let waited = 0; waited < 5_000 && (await isSame()); waited += 50) await delay(50)
      }
    }),
  )
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // ESRCH: it ended between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
