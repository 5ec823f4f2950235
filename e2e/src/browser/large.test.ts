import { refreshInstance } from '@sluice/contracts/dbops'
import { beforeAll } from 'vitest'
import { signIn, type ApiClient } from '../system/api-client.ts'
import { createCustomerDatabase } from '../system/customer.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  startRun,
  waitForRun,
} from '../system/project.ts'
import { createRepository, system } from '../system/system.ts'
import { expect, PROJECT_PATH, test } from './browser-test.ts'

const mark = Date.now().toString(36)
const STAGES = 6
const STEPS_PER_STAGE = 50
const CHANGESETS = 5_000
/** What a person still waits for, on a machine that does other things beside. */
const PATIENCE_MS = 15_000

let client: ApiClient
beforeAll(async () => {
  client = await signIn(system.first)
})

/** Three hundred steps; the first asks for a schema that is not there, so that none of them needs a pod. */
function largePipeline(identifier: string): string {
  const steps = (stage: number): string =>
    Array.from({ length: STEPS_PER_STAGE }, (_, step) => {
      const name = `s${stage}_${step}`
      return `                    - step: { identifier: ${name}, name: ${name}, type: DBSchemaApply, timeout: 1m, spec: { dbSchema: nowhere, dbInstance: none } }`
    }).join('\n')
  const stages = Array.from(
    { length: STAGES },
    (_, stage) => `    - stage:
        identifier: stage_${stage}
        name: stage_${stage}
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: db
                  name: db
                  stepGroupInfra: { type: Process }
                  steps:
${steps(stage)}`,
  )
  return `pipeline:
  identifier: ${identifier}
  name: ${identifier}
  orgIdentifier: default
  projectIdentifier: default_project
  stages:
${stages.join('\n')}
`
}

test('a pipeline of 300 steps opens, is drawn, and can still be written in', async ({ admin: { page } }) => {
  const identifier = `large_${mark}`
  await createPipeline(client, largePipeline(identifier))
  await page.goto(`${PROJECT_PATH}/pipelines/${identifier}`)
  const begun = Date.now()
  const editor = page.getByRole('textbox', { name: 'Pipeline YAML' })
  await expect(editor).toContainText(identifier)
  await expect(page.getByRole('group', { name: 'Picture of the pipeline' })).toContainText(/s\d_\d+Apply schema/)
  await editor.click()
  await page.keyboard.press('Control+Home')
  await page.keyboard.type('# typed in a large pipeline\n')
  await expect(editor).toContainText('# typed in a large pipeline')
  await expect(page.getByText('Not saved')).toBeVisible()
  expect(Date.now() - begun).toBeLessThan(PATIENCE_MS)
})

test('a run of 300 steps is shown whole: every step in the list, by keyboard to the last', async ({
  admin: { page },
}) => {
  const identifier = `large_run_${mark}`
  await createPipeline(client, largePipeline(identifier))
  const executionId = await startRun(client, identifier)
  await waitForRun(client, executionId)
  await page.goto(`${PROJECT_PATH}/executions/${executionId}`)
  const begun = Date.now()
  const tree = page.getByRole('tree', { name: 'Stages and steps' })
  await expect(tree.getByRole('treeitem', { name: /^s\d+_\d+,/ })).toHaveCount(STAGES * STEPS_PER_STAGE)
  await expect(page.getByRole('alert', { name: 'Why it failed' })).toContainText('nowhere')
  await tree.focus()
  await page.keyboard.press('End')
  const last = `s${STAGES - 1}_${STEPS_PER_STAGE - 1}`
  await expect(page.getByRole('region', { name: last })).toBeVisible()
  await expect(tree.getByRole('treeitem', { name: new RegExp(`^${last},`) })).toBeInViewport()
  await expect(page.getByRole('group', { name: /^Graph of the run/ })).toContainText(last)
  expect(Date.now() - begun).toBeLessThan(PATIENCE_MS)
})

test('the matrix of 5,000 changesets draws what is in sight, and goes to its end by one key', async ({
  admin: { page },
}) => {
  const name = `many_${mark}`
  const database = await createCustomerDatabase(name)
  const changesets = Array.from(
    { length: CHANGESETS },
    (_, index) => `--changeset ana:c${index}\ncreate table t${index} (id int);\n`,
  )
  const { url } = await createRepository(name, {
    'db/changelog.sql': `--liquibase formatted sql\n${changesets.join('')}`,
  })
  await connectGit(client, `${name}_git`, url)
  await connectDatabase(client, name, database)
  await createSchema(client, name, `${name}_git`, 'db/changelog.sql')
  await createInstance(client, name, 'prod', name)
  const params = { org: 'default', project: 'default_project', schema: name, instance: 'prod' }
  expect(await client.call(refreshInstance, { params, query: { waitSeconds: 30 } })).toMatchObject({
    status: 'SUCCESS',
    counts: { pending: CHANGESETS },
  })

  await page.goto(`${PROJECT_PATH}/schemas/${name}`)
  const begun = Date.now()
  const matrix = page.getByRole('grid', { name: 'Changesets by instance' })
  await expect(matrix).toHaveAttribute('aria-rowcount', String(CHANGESETS + 1))
  await matrix.getByRole('gridcell', { name: /^c0 on prod: pending/ }).focus()
  await page.keyboard.press('Control+End')
  await expect(matrix.getByRole('gridcell', { name: /^c4999 on prod: pending/ })).toBeFocused()
  expect(await matrix.getByRole('row').count()).toBeLessThan(100)
  await page.getByRole('searchbox', { name: 'Search id, author or file' }).fill('c4242')
  await expect(matrix.getByRole('gridcell')).toHaveCount(1)
  await expect(matrix.getByRole('gridcell')).toHaveAccessibleName(/^c4242 on prod/)
  expect(Date.now() - begun).toBeLessThan(PATIENCE_MS)
})
