import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../user-error.ts'

const run = promisify(execFile)

/** Where the build of the pages ends up. */
export function uiFolder(repository: string): string {
  return join(repository, 'apps', 'ui', 'dist')
}

/**
 * Bundles the programs that run in pods (lite engine, step), because their start-up is in the user's path, and builds the
 * pages. Turbo skips what is up to date.
 */
export async function bundlePrograms(
  repository: string,
  logFile: string,
  wanted: { pods: boolean; ui: boolean },
): Promise<void> {
  const tasks = [...(wanted.pods ? ['bundle'] : []), ...(wanted.ui ? ['@sluice/ui#build'] : [])]
  if (tasks.length === 0) return
  const bin = join(repository, 'node_modules', '.bin')
  try {
    const { stdout, stderr } = await run(
      join(bin, 'turbo'),
      ['run', ...tasks, '--output-logs=errors-only', '--no-update-notifier'],
      {
        cwd: repository,
        env: {
          ...process.env,
          PATH: `${bin}:${process.env['PATH'] ?? ''}`,
          TURBO_TELEMETRY_DISABLED: '1',
          DO_NOT_TRACK: '1',
        },
        timeout: 120_000,
      },
    )
    await appendFile(logFile, stdout + stderr)
  } catch (cause) {
    const output = cause instanceof Error && 'stdout' in cause ? String(cause.stdout) : String(cause)
    await appendFile(logFile, output)
    const errors = output.split('\n').filter((line) => /error/i.test(line))
    const what = wanted.ui ? 'The programs for pods, or the pages,' : 'The programs for pods'
    throw new UserError(`${what} could not be built (${logFile}):\n${errors.slice(0, 5).join('\n') || output}`, {
      cause,
    })
  }
}
