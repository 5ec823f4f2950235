import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as accounts from '@sluice/contracts/accounts'
import { allowedDestinations, type ServiceName } from '@sluice/contracts/network'
import * as pipelines from '@sluice/contracts/pipelines'
import { until } from '@sluice/testing'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clientWith, send, signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase, customerSql, type CustomerDatabase } from './system/customer.ts'
import { expectNothingLeftBehind, historyOf, locksOf, sessionsOf } from './system/left-behind.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  PROJECT,
  runToEnd,
  startRun,
  waitForRun,
} from './system/project.ts'
import { createRepository, kill, restart, system } from './system/system.ts'

/**
 * Each edge of the network table is cut once, and whoever asked is told which one. The edges to git and to the database
 * are cut in bad-input.test.ts; the one between delegate and delegate-service in survive-kill.test.ts.
 */

const CHANGELOG = `--liquibase formatted sql

--changeset ana:slow
create table slow_one (id int);
select pg_sleep(4);
`

let client: ApiClient
let database: CustomerDatabase
let cut: ServiceName | undefined

beforeAll(async () => {
  client = await signIn(system.first)
  database = await createCustomerDatabase('edge_cuts')
  const { url } = await createRepository('edge-cuts', { 'db/changelog.sql': CHANGELOG })
  await connectGit(client, 'edge_git', url)
  await connectDatabase(client, 'edge_db', database)
  await createSchema(client, 'edge', 'edge_git', 'db/changelog.sql')
  await createInstance(client, 'edge', 'edge_instance', 'edge_db')
  const steps = [{ identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'edge', dbInstance: 'edge_instance' }] as const
  await createPipeline(client, pipelineYaml('edge_cuts', steps))
})

async function cutOff(service: ServiceName): Promise<void> {
  cut = service
  await kill(service)
}

afterEach(async () => {
  if (cut !== undefined) await restart(cut)
  cut = undefined
})

describe('a request says which edge is down', () => {
  test('gateway → ng-core', async () => {
    // A fresh credential: the gateway must ask.
    const fresh = clientWith({ authorization: 'Bearer nobody-has-seen-this-one-before' })
    await cutOff('ng-core')

    await expect(fresh.call(accounts.getCurrentAccount, {})).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('gateway → ng-core'),
    })
  })

  test('gateway → pipeline-service', async () => {
    await cutOff('pipeline-service')

    await expect(client.call(pipelines.listPipelines, { query: PROJECT })).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining('gateway → pipeline-service'),
    })
  })

  test('gateway → log-service', async () => {
    await cutOff('log-service')

    const answer = await fetchLog(client)

    expect(answer).toContain('gateway → log-service')
  })
})

async function fetchLog(as: ApiClient): Promise<string> {
  const key = encodeURIComponent('acc/pex/nod/1')
  const { text } = await send('GET', `/gateway/log-service/blob?key=${key}`, { headers: as.headers })
  return text
}

describe('a run ends in a failure that names the edge', () => {
  test.each([
    ['pipeline-service', 'ng-manager'],
    ['ng-manager', 'dbdevops-service'],
    ['ng-manager', 'scm-service'],
  ] as const)('%s → %s', { timeout: 150_000 }, async (from, to) => {
    expect(allowedDestinations(from)).toContain(to)
    await cutOff(to)

    const run = await waitForRun(client, await startRun(client, 'edge_cuts'), 120_000)

    expect(run.status).toBe('Failed')
    expect(run.failures.join('\n')).toContain(`${from} → ${to}`)
    expect(await historyOf(database.name)).toEqual([])
    await expectNothingLeftBehind(database)
  })
})

/** Processes of this system's pods that run this program, and hold a session or a pod's secrets now. */
async function podProcesses(program: 'lite-engine' | 'db-step'): Promise<number[]> {
  const pods = join(system.dataDir, 'data', 'delegate', 'runtime', 'pods')
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // A process that has just ended has no folder any more.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (cwd.startsWith(`${pods}/`) && command.includes(program)) found.push(Number(pid))
  }
  return found
}

describe('a pod that loses a part ends the step in a failure that says so', () => {
  test.each(['lite-engine', 'db-step'] as const)('%s', async (program) => {
    const executionId = await startRun(client, 'edge_cuts')
    await until(
      async () =>
        (
          await customerSql(
            'postgres',
            `select 1 from pg_stat_activity where datname = $1 and query like '%pg_sleep(4)%'`,
            [database.name],
          )
        ).length > 0,
      { what: 'the slow statement', deadlineMs: 30_000, everyMs: 50 },
    )

    for (const pid of await podProcesses(program)) process.kill(pid, 'SIGKILL')
    const run = await waitForRun(client, executionId)

    expect(run.status).toBe('Failed')
    expect(run.failures.join('\n')).toMatch(/pod|step's process/i)
    expect(await historyOf(database.name)).toEqual([])
    await until(async () => (await sessionsOf(database.username)).length === 0, { what: 'the last session to end' })
    // A step that is killed can't take its name out of the lock table any more. No session holds the lock, so the next
    // run takes the row over.
    expect((await locksOf(database.name)).sessions).toBe(0)
  })

  test('and the next run works', async () => {
    const run = await runToEnd(client, 'edge_cuts')

    expect(run.failures).toEqual([])
    expect(await historyOf(database.name)).toEqual(['slow'])
    await expectNothingLeftBehind(database)
  })
})
