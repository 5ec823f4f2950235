import { readFile } from 'node:fs/promises'
import { createConnector, updateConnector, type ConnectorInput } from '@sluice/contracts/connectors'
import { createDbInstance } from '@sluice/contracts/dbops-instances'
import { createDbSchema } from '@sluice/contracts/dbops-schemas'
import { createPipeline } from '@sluice/contracts/pipelines'
import { createSecret } from '@sluice/contracts/secrets'
import type { z } from 'zod'
import { ApiFailure, type ApiClient } from './api-client.ts'
import { STAGES, type DemoState, type Stage } from './demo-state.ts'
import { databaseOf } from './make-databases.ts'

/** The project that the first account begins with. */
export const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'default_project' } as const
const PARAMS = { org: PROJECT.orgIdentifier, project: PROJECT.projectIdentifier }
export const PIPELINE = 'ship_shop_db'
const PIPELINE_FILE = new URL('../../demo/ship-shop-db.yaml', import.meta.url)
const TAGS = { made_by: 'demo' }
const TITLES: Record<Stage, string> = { staging: 'Staging', production: 'Production' }

export interface EntitiesOptions {
  gitUrl: string
  passwords: DemoState['passwords']
  postgresPort: number
}

/**
 * Makes everything the demo's pipeline needs, and the pipeline, through the REST API. What an interrupted start has made is
 * left as it is, but for the addresses in connectors, which may be others now.
 * @throws ApiFailure
 */
export async function makeEntities(client: ApiClient, options: EntitiesOptions): Promise<void> {
  await Promise.all(STAGES.map((stage) => makeSecret(client, stage, options.passwords[stage])))
  await Promise.all([
    ...STAGES.map((stage) => makeConnector(client, jdbcConnector(stage, options.postgresPort))),
    makeConnector(client, gitConnector(options.gitUrl)),
  ])
  await unlessThere(
    client.call(createDbSchema, {
      params: PARAMS,
      body: {
        identifier: 'shop',
        name: 'Shop',
        tags: TAGS,
        type: 'Repository',
        migrationType: 'Liquibase',
        changelog: { connector: 'shop_git', location: 'db/changelog.yaml' },
      },
    }),
  )
  // One after the other: lists show them in this order.
  for (const stage of STAGES) {
    await unlessThere(
      client.call(createDbInstance, {
        params: { ...PARAMS, schema: 'shop' },
        body: {
          identifier: stage,
          name: TITLES[stage],
          tags: { ...TAGS, stage },
          connector: `shop_${stage}_db`,
          branch: 'main',
          context: stage,
        },
      }),
    )
  }
  await unlessThere(client.call(createPipeline, { query: PROJECT, body: await readFile(PIPELINE_FILE, 'utf8') }))
}

async function makeSecret(client: ApiClient, stage: Stage, value: string): Promise<void> {
  await unlessThere(
    client.call(createSecret, {
      query: PROJECT,
      body: {
        secret: {
          type: 'SecretText',
          identifier: `shop_${stage}_password`,
          name: `Shop ${stage} password`,
          description: `Of the role ${databaseOf(stage).owner}`,
          tags: TAGS,
          ...PROJECT,
          spec: { valueType: 'Inline', value },
        },
      },
    }),
  )
}

type Connector = z.input<typeof ConnectorInput>

function jdbcConnector(stage: Stage, port: number): Connector {
  const { database, owner } = databaseOf(stage)
  return {
    type: 'JDBC',
    identifier: `shop_${stage}_db`,
    name: `Shop ${stage} database`,
    description: 'A database in the Postgres that npm start runs',
    tags: TAGS,
    ...PROJECT,
    spec: {
      url: `jdbc:postgresql://localhost:${port}/${database}`,
      auth: { type: 'UsernamePassword', spec: { username: owner, passwordRef: `shop_${stage}_password` } },
    },
  }
}

function gitConnector(url: string): Connector {
  return {
    type: 'Git',
    identifier: 'shop_git',
    name: 'Shop repository',
    description: 'A git repository that npm start serves; reading needs no password',
    tags: TAGS,
    ...PROJECT,
    spec: { url, type: 'Repo', authentication: { type: 'Anonymous' } },
  }
}

async function makeConnector(client: ApiClient, connector: Connector): Promise<void> {
  const isNew = await unlessThere(client.call(createConnector, { query: PROJECT, body: { connector } }))
  if (!isNew) await client.call(updateConnector, { query: PROJECT, body: { connector } })
}

/** Whether it was made now. */
async function unlessThere(making: Promise<unknown>): Promise<boolean> {
  try {
    await making
    return true
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'DUPLICATE_IDENTIFIER') return false
    throw error
  }
}
