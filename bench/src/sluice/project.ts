import * as connectors from '@sluice/contracts/connectors'
import * as instances from '@sluice/contracts/dbops-instances'
import * as schemas from '@sluice/contracts/dbops-schemas'
import * as pipelines from '@sluice/contracts/pipelines'
import * as secrets from '@sluice/contracts/secrets'
import type { ApiClient } from './api-client.ts'
import type { Shop, ShopDatabase } from './shop.ts'

/** The first project of an account. */
export const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'default_project' }
const PARAMS = { org: 'default', project: 'default_project' }
export const PIPELINE = 'ship'

/** Makes secret, connectors, DB schema, instance, and a pipeline of one preview and one apply. */
export async function createProject(client: ApiClient, shop: Shop, database: ShopDatabase): Promise<void> {
  const spec = { valueType: 'Inline', value: database.password } as const
  const secret = { type: 'SecretText', identifier: 'db_password', name: 'db_password', ...PROJECT, spec } as const
  await client.call(secrets.createSecret, { query: PROJECT, body: { secret } })
  const auth = {
    type: 'UsernamePassword',
    spec: { username: database.username, passwordRef: 'db_password' },
  } as const
  await client.call(connectors.createConnector, {
    query: PROJECT,
    body: {
      connector: { type: 'JDBC', identifier: 'db', name: 'db', ...PROJECT, spec: { url: database.jdbcUrl, auth } },
    },
  })
  await client.call(connectors.createConnector, {
    query: PROJECT,
    body: {
      connector: {
        type: 'Git',
        identifier: 'git',
        name: 'git',
        ...PROJECT,
        spec: {
          url: shop.repository.url,
          type: 'Repo',
          authentication: { type: 'Anonymous' },
          executeOnDelegate: false,
        },
      },
    },
  })
  await client.call(schemas.createDbSchema, {
    params: PARAMS,
    body: {
      identifier: 'shop',
      name: 'shop',
      type: 'Repository',
      migrationType: 'Liquibase',
      changelog: { connector: 'git', location: shop.changelogFile },
    },
  })
  await client.call(instances.createDbInstance, {
    params: { ...PARAMS, schema: 'shop' },
    body: { identifier: 'shop_db', name: 'shop_db', connector: 'db', branch: 'main' },
  })
  await client.call(pipelines.createPipeline, { query: PROJECT, body: PIPELINE_YAML })
}

const PIPELINE_YAML = `pipeline:
  identifier: ${PIPELINE}
  name: ${PIPELINE}
  orgIdentifier: default
  projectIdentifier: default_project
  stages:
    - stage:
        identifier: ship
        name: ship
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: db
                  name: db
                  stepGroupInfra: { type: Process }
                  steps:
                    - step:
                        { identifier: preview, name: preview, type: DBSchemaUpdateSQL, timeout: 2m, spec: { dbSchema: shop, dbInstance: shop_db } }
                    - step:
                        { identifier: apply, name: apply, type: DBSchemaApply, timeout: 2m, spec: { dbSchema: shop, dbInstance: shop_db } }
`
