import type { ConnectionTestParameters } from '@sluice/contracts/tasks'
import { readPrivileges, type ConnectPhase } from '@sluice/drivers'
import { listRemote } from '../modules/fetch/fetch-source.ts'
import { openTarget } from '../modules/preflight/open-target.ts'
import { addConnectPhase, inPhase } from '../modules/step/phases.ts'
import { secretOf, type StepContext } from '../modules/step/step-context.ts'

/** Tries a connector by phases. The phases are the result's body, also when one fails. */
export async function testConnection(parameters: ConnectionTestParameters, context: StepContext): Promise<unknown> {
  const { reporter, phases } = context
  await reporter.unit('Connection', async () => {
    if (parameters.target === 'git') await testGit(parameters, context)
    else await testDatabase(parameters.database, context)
  })
  return { phases }
}

async function testDatabase(
  target: Extract<ConnectionTestParameters, { target: 'database' }>['database'],
  context: StepContext,
): Promise<void> {
  const onPhase = (phase: ConnectPhase): void => {
    addConnectPhase(context, phase)
    const { name, ok, ms, sentence } = phase
    context.reporter.line(ok ? 'info' : 'error', `${name}: ${sentence} (${ms} ms)`)
  }
  const { driver } = await openTarget(target, context, onPhase)
  try {
    await readPrivileges(driver, { onPhase, signal: context.signal })
  } finally {
    await driver.close()
  }
}

async function testGit(git: Extract<ConnectionTestParameters, { target: 'git' }>, context: StepContext): Promise<void> {
  const password = secretOf(context, git.passwordSecret)
  const remote = {
    url: git.url,
    ...(git.username === undefined ? {} : { username: git.username }),
    ...(password === undefined ? {} : { password }),
  }
  await inPhase(
    context,
    'git',
    () =>
      listRemote(remote, {
        workspace: context.workspace,
        signal: context.signal,
        ...(context.gitCaFile === undefined ? {} : { caFile: context.gitCaFile }),
      }),
    () => 'The repository answers and takes the credentials.',
  )
}
