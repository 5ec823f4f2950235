import { newId } from '@sluice/contracts/ids'
import { createRedis } from '@sluice/database'
import { until } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceProcess } from './start-service.ts'
import { pipelineYaml, playToEnd, PROJECT, startRun, startSystem, type TestSystem } from './start-system.ts'

let system: TestSystem
let service: ServiceProcess
let editor: string
let stranger: string

beforeAll(async () => {
  system = await startSystem()
  service = await system.start()
  const accountId = newId('acc')
  editor = await system.person(accountId, 'editor')
  stranger = await system.person(newId('acc'), 'editor')
})
afterAll(() => system?.stop())

/** A reader of the project's stream that listens already. */
async function follow(token: string, query: Record<string, string> = PROJECT) {
  const stream = await system.stream(service, '/pipeline-service/api/pipelines/execution/events', { token, query })
  await until(async () => stream.text().includes(': listening'), { what: 'the stream to listen' })
  const events = () =>
    stream
      .text()
      .split('\n\n')
      .filter((part) => part.startsWith('event: execution'))
      .map((part): { planExecutionId: string; status: string } => JSON.parse(part.slice(part.indexOf('data: ') + 6)))
  return { ...stream, events }
}

test("a project is followed: each change of an execution's summary comes, to nobody else, and by pipeline", async () => {
  const all = await follow(editor)
  const onlyOther = await follow(editor, { ...PROJECT, pipelineIdentifier: 'another' })
  const otherProject = await follow(editor, { ...PROJECT, projectIdentifier: 'other' })
  const otherAccount = await follow(stranger)
  const executionId = await startRun(system, service, editor, { identifier: 'ship', text: pipelineYaml('ship') })
  await playToEnd(system, executionId, ['apply'])
  await system.ended(executionId)
  await until(async () => all.events().some(({ status }) => status === 'Success'), { what: 'the end to be told' })

  const told = all.events()
  expect(new Set(told.map(({ planExecutionId }) => planExecutionId))).toEqual(new Set([executionId]))
  expect(told[0]?.status).toBe('Running')
  expect(told.map(({ status }) => status)).toEqual(told.map(({ status }) => status).toSorted())
  for (const reader of [onlyOther, otherProject, otherAccount]) expect(reader.events()).toEqual([])
  for (const reader of [all, onlyOther, otherProject, otherAccount]) reader.close()
})

test('a reader is told to read again when Redis was away', { timeout: 30_000 }, async () => {
  const reader = await follow(editor)
  await system.redis.stop()
  await system.restartRedis()
  await until(async () => reader.text().includes('event: reset'), { what: 'a reset', deadlineMs: 20_000 })
  reader.close()
  const redis = createRedis({ url: `redis://127.0.0.1:${system.redis.port}`, onError: () => undefined })
  await until(async () => (await redis.pubsub('CHANNELS', 'pipeline.project:*')).length === 0, {
    what: 'the subscription to end with its reader',
  })
  redis.disconnect()
})
