import type { ScmCallParameters } from '@sluice/contracts/tasks'
import { listBranches, listFolder, readText } from '../modules/fetch/read-remote.ts'
import { secretOf, type StepContext } from '../modules/step/step-context.ts'

/** Reads of a repository what the control plane can't: its branches, a folder, or a file. */
export async function readRepository(parameters: ScmCallParameters, context: StepContext): Promise<unknown> {
  const { call, url, username } = parameters
  const password = secretOf(context, parameters.passwordSecret)
  const remote = {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
  const options = {
    workspace: context.workspace,
    signal: context.signal,
    ...(context.gitCaFile === undefined ? {} : { caFile: context.gitCaFile }),
  }
  return context.reporter.unit('Repository', async () => {
    switch (call.read) {
      case 'branches':
        return { branches: await listBranches(remote, call, options) }
      case 'folder':
        return { listing: await listFolder(remote, call, options) }
      case 'file':
        return { file: await readText(remote, call, options) }
    }
  })
}
