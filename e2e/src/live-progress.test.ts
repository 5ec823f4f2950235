import { ExecutionDetail, type GraphNode } from '@sluice/contracts/execution-graph'
import { followExecution } from '@sluice/contracts/pipelines'
import { expect, test } from 'vitest'
import { pathOf, send, signIn } from './system/api-client.ts'
import { createCustomerDatabase } from './system/customer.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  PROJECT,
  startRun,
} from './system/project.ts'
import { createRepository, system } from './system/system.ts'

test('whoever follows a run sees its units and counts while a step runs', { timeout: 90_000 }, async () => {
  const database = await createCustomerDatabase('live')
  const { url } = await createRepository('live', {
    'changelog.sql': `--liquibase formatted sql

--changeset ana:one
create table one (id int);

--changeset ana:two
select pg_sleep(2);

--changeset ana:three
create table three (id int);
`,
  })
  const client = await signIn(system.first)
  await connectGit(client, 'live_git', url)
  await connectDatabase(client, 'live', database)
  await createSchema(client, 'live', 'live_git', 'changelog.sql')
  await createInstance(client, 'live', 'live', 'live')
  const step = { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'live', dbInstance: 'live' } as const
  await createPipeline(client, pipelineYaml('live', [step]))
  const executionId = await startRun(client, 'live')
  const params = { executionId: executionId as never }
  const { text } = await send('GET', pathOf(followExecution, { params, query: PROJECT }), { headers: client.headers })

  const pictures = text
    .split('\n\n')
    .filter((event) => event.startsWith('event: execution'))
    .map((event) => ExecutionDetail.parse(JSON.parse(event.slice(event.indexOf('data: ') + 6))))
  const nodes = (type: string): GraphNode[] =>
    pictures.flatMap(({ executionGraph }) =>
      Object.values(executionGraph.nodeMap).filter(({ stepType }) => stepType === type),
    )
  const running = nodes('DBSchemaApply').filter(({ status }) => status === 'RUNNING')
  const [sleeping] = running.filter(({ changesetProgress }) => changesetProgress?.current?.id === 'two')
  expect(sleeping?.changesetProgress).toMatchObject({ done: 1, total: 3, current: { state: 'running' } })
  expect(sleeping?.unitProgresses.findLast(({ status }) => status === 'running')?.unitName).toBe('Apply')
  expect(nodes('DBSchemaApply').at(-1)).toMatchObject({ status: 'SUCCEEDED', changesetProgress: { done: 3, total: 3 } })
  expect(
    nodes('InitializePod')
      .at(-1)
      ?.unitProgresses.map(({ unitName }) => unitName),
  ).toEqual(['Open secrets', 'Start pod'])
})
