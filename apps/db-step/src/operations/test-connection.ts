import type { ConnectionPhase, ConnectionTestParameters } from '@sluice/contracts/tasks'
import { readPrivileges, type ConnectPhase } from '@sluice/drivers'
import { listRemote } from '../modules/fetch/fetch-source.ts'
import { openTarget } from '../modules/preflight/open-target.ts'
import { secretOf, type StepContext } from '../modules/step/step-context.ts'

/** Tries a connector by phases. The phases are the result's body, also when one fails. */
export async function testConnection(
  parameters: ConnectionTestParameters,
  context: StepContext,
  phases: ConnectionPhase[],
): Promise<unknown> {
  const { reporter } = context
  await reporter.unit('Connection', async () => {
    if (parameters.target === 'git') await testGit(parameters, context, phases)
    else await testDatabase(parameters.database, context, phases)
  })
  return { phases }
}

async function testDatabase(
  target: Extract<ConnectionTestParameters, { target: 'database' }>['database'],
  context: StepContext,
  phases: ConnectionPhase[],
): Promise<void> {
  const onPhase = ({ name, ok, ms, sentence }: ConnectPhase): void => {
    // The session's settings belong to the login, as people see it.
    const phase = name === 'session' ? 'login' : name
    phases.push({ phase, ok, durationMs: ms, message: context.reporter.mask(sentence).slice(0, 2000) })
    context.reporter.line(ok ? 'info' : 'error', `${name}: ${sentence} (${ms} ms)`)
  }
  const { driver } = await openTarget(target, context, onPhase)
  try {
    await readPrivileges(driver, { onPhase, signal: context.signal })
  } finally {
    await driver.close()
  }
}

async function testGit(
  git: Extract<ConnectionTestParameters, { target: 'git' }>,
  context: StepContext,
  phases: ConnectionPhase[],
): Promise<void> {
  const startedAt = performance.now()
  const add = (ok: boolean, message: string): void => {
    const durationMs = Math.round(performance.now() - startedAt)
    phases.push({ phase: 'git', ok, durationMs, message: context.reporter.mask(message).slice(0, 2000) })
  }
  try {
    const password = secretOf(context, git.passwordSecret)
    const remote = {
      url: git.url,
      ...(git.username === undefined ? {} : { username: git.username }),
      ...(password === undefined ? {} : { password }),
    }
    await listRemote(remote, {
      workspace: context.workspace,
      signal: context.signal,
      ...(context.gitCaFile === undefined ? {} : { caFile: context.gitCaFile }),
    })
    add(true, 'The repository answers and takes the credentials.')
  } catch (error) {
    add(false, error instanceof Error ? error.message : String(error))
    throw error
  }
}
