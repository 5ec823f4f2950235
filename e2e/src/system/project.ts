import * as connectors from '@sluice/contracts/connectors'
import * as instances from '@sluice/contracts/dbops-instances'
import * as schemas from '@sluice/contracts/dbops-schemas'
import * as pipelines from '@sluice/contracts/pipelines'
import * as secrets from '@sluice/contracts/secrets'
import { until } from '@sluice/testing'
import type { ApiClient } from './gateway-client.ts'
import type { CustomerDatabase } from './customer.ts'

/** The first project of an account. */
export const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'default_project' }
const PARAMS = { org: 'default', project: 'default_project' }

/** Stores a password and makes the JDBC connector that uses it. */
export async function connectDatabase(
  client: ApiClient,
  identifier: string,
  database: CustomerDatabase,
): Promise<void> {
  const secret = `${identifier}_password`
  await client.call(secrets.createSecret, {
    query: PROJECT,
    body: {
      secret: {
        type: 'SecretText',
        identifier: secret,
        name: secret,
        ...PROJECT,
        spec: { valueType: 'Inline', value: database.password },
      },
    },
  })
  const auth = { type: 'UsernamePassword', spec: { username: database.username, passwordRef: secret } } as const
  await client.call(connectors.createConnector, {
    query: PROJECT,
    body: {
      connector: { type: 'JDBC', identifier, name: identifier, ...PROJECT, spec: { url: database.jdbcUrl, auth } },
    },
  })
}

/** Makes an anonymous git connector to one repository. */
export async function connectGit(
  client: ApiClient,
  identifier: string,
  url: string,
  executeOnDelegate = false,
): Promise<void> {
  await client.call(connectors.createConnector, {
    query: PROJECT,
    body: {
      connector: {
        type: 'Git',
        identifier,
        name: identifier,
        ...PROJECT,
        spec: { url, type: 'Repo', authentication: { type: 'Anonymous' }, executeOnDelegate },
      },
    },
  })
}

export async function createSchema(
  client: ApiClient,
  identifier: string,
  git: string,
  location: string,
): Promise<void> {
  await client.call(schemas.createDbSchema, {
    params: PARAMS,
    body: {
      identifier,
      name: identifier,
      type: 'Repository',
      migrationType: 'Liquibase',
      changelog: { connector: git, location },
    },
  })
}

export async function createInstance(
  client: ApiClient,
  schema: string,
  identifier: string,
  connector: string,
  source: { branch?: string; gitTag?: string; commitSha?: string } = { branch: 'main' },
): Promise<void> {
  await client.call(instances.createDbInstance, {
    params: { ...PARAMS, schema },
    body: { identifier, name: identifier, connector, ...source },
  })
}

export interface WrittenStep {
  identifier: string
  type: 'DBSchemaApply' | 'DBSchemaUpdateSQL'
  dbSchema: string
  dbInstance: string
  timeout?: string
}

/** YAML of a pipeline with one stage and one group of these steps. */
export function pipelineYaml(identifier: string, steps: readonly WrittenStep[]): string {
  const written = steps.map(
    (step) =>
      `                    - step: { identifier: ${step.identifier}, name: ${step.identifier}, type: ${step.type}, timeout: ${step.timeout ?? '2m'}, spec: { dbSchema: ${step.dbSchema}, dbInstance: ${step.dbInstance} } }`,
  )
  return `pipeline:
  identifier: ${identifier}
  name: ${identifier}
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
${written.join('\n')}
`
}

export interface GraphNode {
  name: string
  identifier: string
  status: string
  stepType: string
  startTs?: number
  logBaseKey?: string
  failureInfo?: { code?: string; message?: string } | null
  progressData?: { message?: string } | null
  outcomes?: unknown
}

export interface Run {
  status: string
  nodes: GraphNode[]
  /** Every failure sentence of the graph. */
  failures: string[]
}

const FINAL = new Set(['Success', 'Failed', 'Aborted', 'Expired', 'Errored', 'IgnoreFailed', 'ApprovalRejected'])

export async function startRun(client: ApiClient, pipeline: string): Promise<string> {
  const { planExecution } = await client.call(pipelines.executePipeline, {
    params: { identifier: pipeline },
    query: PROJECT,
  })
  return planExecution.uuid
}

export async function readRun(client: ApiClient, executionId: string): Promise<Run> {
  const detail = await client.call(pipelines.getExecution, {
    params: { executionId: executionId as never },
    query: PROJECT,
  })
  const summary = detail.pipelineExecutionSummary as { status: string }
  const { nodeMap } = detail.executionGraph as { nodeMap: Record<string, GraphNode> }
  const nodes = Object.values(nodeMap)
  const failures = nodes.map((node) => node.failureInfo?.message ?? '').filter((message) => message !== '')
  return { status: summary.status, nodes, failures }
}

/** Waits for a run's end; fails with what it is doing when that takes too long. */
export async function waitForRun(client: ApiClient, executionId: string, deadlineMs = 90_000): Promise<Run> {
  let last: Run | undefined
  try {
    return await until(
      async () => {
        last = await readRun(client, executionId)
        return FINAL.has(last.status) ? last : undefined
      },
      { deadlineMs, everyMs: 50, what: `the end of ${executionId}` },
    )
  } catch (error) {
    throw new Error(
      `${executionId} is ${last?.status}: ${JSON.stringify(last?.nodes.map(({ name, status }) => [name, status]))}`,
      { cause: error },
    )
  }
}

export async function runToEnd(client: ApiClient, pipeline: string): Promise<Run & { executionId: string }> {
  const executionId = await startRun(client, pipeline)
  return { ...(await waitForRun(client, executionId)), executionId }
}

export async function createPipeline(client: ApiClient, yaml: string): Promise<void> {
  await client.call(pipelines.createPipeline, { query: PROJECT, body: yaml })
}
