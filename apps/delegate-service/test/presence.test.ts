import { EnrolmentResponse } from '@sluice/delegate-protocol'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  makeToken,
  newAccountId,
  revokeToken,
  startWorld,
  submit,
  inState,
  type Replica,
  type World,
} from './start-delegate-service.ts'
import { enrol, joinDelegate, runDelegate } from './test-delegate.ts'

let world: World
let replica: Replica
beforeAll(async () => {
  world = await startWorld()
  replica = await world.start()
})
afterAll(() => world?.stop())

interface Row {
  connected: boolean
  draining: boolean
}

async function rowOf(accountId: string, id: string): Promise<Row | undefined> {
  const sql = 'select connected, draining from delegate.delegates where account_id = $1 and id = $2'
  return (await world.admin.query<Row>(sql, [accountId, id])).rows[0]
}

test('ng-core is told of a delegate that enrols, connects and goes, each time after the row says so', async () => {
  const accountId = newAccountId()
  const { token, tokenId } = await makeToken(world, accountId)
  const seen = await world.watchPresence(accountId)
  const others = await world.watchPresence(newAccountId())

  const { body, keys } = await enrol(world, replica.url, { token })
  const { delegateId } = EnrolmentResponse.parse(body)
  await until(() => seen.length === 1, { what: 'the enrolment' })

  const delegate = await runDelegate(world, { url: replica.url, enrolled: { accountId, delegateId, keys } })
  await until(async () => seen.length >= 2 && (await rowOf(accountId, delegateId))?.connected === true, {
    what: 'the connection',
  })
  const before = seen.length
  await revokeToken(world, accountId, tokenId)
  await until(async () => seen.length > before && (await rowOf(accountId, delegateId))?.connected === false, {
    what: 'the disconnection',
  })
  expect(new Set(seen)).toEqual(new Set([delegateId]))
  expect(others).toEqual([])
  delegate.drain()
})

test('ng-core is told of a delegate that drains, and reads how many tasks each one has', async () => {
  const accountId = newAccountId()
  const { token } = await makeToken(world, accountId)
  const delegate = await joinDelegate(world, replica.url, { token })
  const task = await submit(world, accountId)
  await inState(world, task, 'running')

  const sql = 'select delegate_id, running_tasks from delegate.delegate_load where account_id = $1'
  const { rows } = await world.admin.query<{ delegate_id: string; running_tasks: number }>(sql, [accountId])
  expect(rows).toMatchObject([{ running_tasks: 1 }])
  const seen = await world.watchPresence(accountId)
  delegate.drain()
  await until(async () => seen.length > 0 && (await rowOf(accountId, rows[0]?.delegate_id ?? ''))?.draining === true, {
    what: 'the drain',
  })
})
