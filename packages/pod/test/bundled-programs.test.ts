import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { postgresOfRun } from '@sluice/testing'
import { createProcessRuntime, type PodRuntime, type StepOutcome } from '../src/index.ts'
import { podSpec } from './programs.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
let folder: string
let runtime: PodRuntime
const diagnostics: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-bundle-'))
  const bundle = async (app: string): Promise<string> => {
    const target = join(folder, app)
    const script = join(repository, 'scripts/bundle-program.ts')
    await promisify(execFile)(process.execPath, [script, `apps/${app}`, target], { cwd: repository })
    return join(target, 'main.mjs')
  }
  runtime = await createProcessRuntime({
    stateFolder: join(folder, 'state'),
    programs: { liteEngine: await bundle('lite-engine'), dbStep: await bundle('db-step') },
    warmSlots: 0,
    onDiagnostics: (program, line) => diagnostics.push(`${program}: ${line}`),
  })
})
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true, force: true })
})

it('the bundled programs reach a database and stand alone: nothing is missing in their chunks', async () => {
  const url = new URL(await postgresOfRun())
  const pod = await runtime.init(
    podSpec('pod-bundled', {
      secrets: { password: url.password },
      log: { url: 'https://localhost:1', caPem: '', token: 'x' },
    }),
  )
  let outcome: StepOutcome | undefined
  const events = pod.execute({
    attemptId: 'nod-1-1',
    container: 'db',
    operation: 'connection.test',
    parameters: {
      target: 'database',
      database: {
        jdbcUrl: `jdbc:postgresql://127.0.0.1:${url.port}/postgres?sslmode=disable`,
        username: url.username,
        passwordSecret: 'password',
      },
    },
    secretNames: ['password'],
    logKey: '',
  })
  for await (const event of events) if (event.kind === 'result') outcome = event.outcome
  expect(outcome).toMatchObject({
    status: 'succeeded',
    body: { phases: expect.arrayContaining([expect.objectContaining({ phase: 'privileges', ok: true })]) },
  })
  expect(diagnostics).toEqual([])
})
