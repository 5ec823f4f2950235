import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from '../user-error.ts'

const run = promisify(execFile)

/**
 * Bundles the programs that run in pods (lite engine, step): their start-up is in the user's path. Turbo skips what is
 * up to date.
 */
export async function bundlePrograms(repository: string, logFile: string): Promise<void> {
  const bin = join(repository, 'node_modules', '.bin')
  try {
    const { stdout, stderr } = await run(
      join(bin, 'turbo'),
      ['run', 'bundle', '--output-logs=errors-only', '--no-update-notifier'],
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
    const errors = output.split('\n').filter((line) => line.includes('ERROR'))
    throw new UserError(
      `The programs for pods could not be bundled (${logFile}):\n${errors.slice(0, 5).join('\n') || output}`,
      { cause },
    )
  }
}
