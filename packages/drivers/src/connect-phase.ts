export const CONNECT_PHASES = ['dns', 'tcp', 'tls', 'login', 'session', 'privileges'] as const
export type ConnectPhaseName = (typeof CONNECT_PHASES)[number]

/** One phase of reaching a target, as a preflight shows it. */
export interface ConnectPhase {
  name: ConnectPhaseName
  ms: number
  ok: boolean
  sentence: string
}

export type OnPhase = (phase: ConnectPhase) => void

/** Runs one phase, takes its time and reports it, also when it fails. */
export async function inPhase<T>(
  name: ConnectPhaseName,
  onPhase: OnPhase | undefined,
  run: () => Promise<T>,
  describe: (result: T) => string,
): Promise<T> {
  const start = performance.now()
  const ms = () => Math.round((performance.now() - start) * 10) / 10
  try {
    const result = await run()
    onPhase?.({ name, ms: ms(), ok: true, sentence: describe(result) })
    return result
  } catch (error) {
    onPhase?.({ name, ms: ms(), ok: false, sentence: error instanceof Error ? error.message : String(error) })
    throw error
  }
}
