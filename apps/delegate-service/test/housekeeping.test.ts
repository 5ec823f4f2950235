import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '@sluice/testing'
import { newAccountId, startWorld, type World } from './start-delegate-service.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.stop())

async function idsOf(table: 'task' | 'task_output', column: 'id' | 'output_id', accountId: string): Promise<unknown[]> {
  const { rows } = await world.admin.query<Record<string, unknown>>(
    `select ${column} from delegate.${table} where account_id = $1 order by 1`,
    [accountId],
  )
  return rows.map((row) => row[column])
}

test('old outputs and closed tasks go, in several passes; what is open or young stays', async () => {
  const accountId = newAccountId()
  await world.admin.query(
    `insert into delegate.task_output (account_id, output_id, chunk_index, task_id, name, bytes, created_at)
     select $1, 'old-' || number, 0, 'tsk', 'plan', '', now() - interval '8 days' from generate_series(1, 450) number`,
    [accountId],
  )
  await world.admin.query(
    `insert into delegate.task_output (account_id, output_id, chunk_index, task_id, name, bytes, created_at)
     values ($1, 'young', 0, 'tsk', 'plan', '', now() - interval '6 days')`,
    [accountId],
  )
  await world.admin.query(
    `insert into delegate.task (account_id, id, attempt_id, kind, submission, state, queued_until, created_at, closed_at)
     select $1, id, id, 'pod.cleanup', '{}', 'finished', now(), now() - interval '60 days', closed_at
       from (values ('old', now() - interval '31 days'), ('young', now() - interval '29 days')) as of(id, closed_at)`,
    [accountId],
  )
  const open = `insert into delegate.task (account_id, id, attempt_id, kind, submission, state, queued_until, created_at)
     values ($1, 'open', 'open', 'pod.cleanup', '{}', 'running', now(), now() - interval '60 days')`
  await world.admin.query(open, [accountId])
  await world.start({ housekeepingEveryMs: 100 })

  await until(async () => (await idsOf('task', 'id', accountId)).length === 2, { what: 'the old task to go' })
  expect(await idsOf('task', 'id', accountId)).toEqual(['open', 'young'])
  expect(await idsOf('task_output', 'output_id', accountId)).toEqual(['young'])
})

test('what is asked every two seconds is answered by the tasks that are open', async () => {
  const plan = async (sql: string): Promise<string> => {
    await world.admin.query('set enable_seqscan = off')
    const { rows } = await world.admin.query<{ 'QUERY PLAN': string }>(`explain ${sql}`)
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  expect(
    await plan(`select id from delegate.task where closed_at is null and state = 'offered' and offered_at < now()`),
  ).toContain('task_open')
  expect(
    await plan(`select distinct account_id from delegate.task where closed_at is null and state = 'queued'`),
  ).toContain('task_open')
})
