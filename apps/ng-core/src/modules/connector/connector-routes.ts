import {
  createConnector as createContract,
  deleteConnector as deleteContract,
  getConnectionTest as getTestContract,
  getConnector as getContract,
  listConnectors as listContract,
  testConnector as testContract,
  updateConnector as updateContract,
} from '@sluice/contracts/connectors'
import type { Mount } from '../../routes.ts'
import { awaitConnectionTest } from '../connection-test/await-connection-test.ts'
import { startConnectionTest } from '../connection-test/start-connection-test.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns, scopeIn, scopeOfBody } from '../scope/require-scope.ts'
import { createConnector } from './create-connector.ts'
import { deleteConnector } from './delete-connector.ts'
import { listConnectors } from './list-connectors.ts'
import { toConnector } from './to-connector.ts'
import { updateConnector } from './update-connector.ts'

const SECOND_MS = 1_000

export function mountConnectorRoutes({ route, deps }: Mount): void {
  route(
    createContract,
    ({ actor, query, body }) => createConnector(deps, actor, scopeOfBody(actor, body.connector, query), body.connector),
    { scopeOf: ({ actor, query, body }) => scopeOfBody(actor, body.connector, query) },
  )
  route(
    updateContract,
    ({ actor, query, body }) =>
      updateConnector(deps, actor, scopeOfBody(actor, body.connector, query), body.connector, body.version),
    { scopeOf: ({ actor, query, body }) => scopeOfBody(actor, body.connector, query) },
  )
  route(getContract, async ({ actor, params, query }) => {
    const scope = scopeIn(actor, query)
    const row = await deps.prisma.connector.findFirst({
      where: { ...scopeColumns(scope), identifier: params.identifier },
    })
    if (row === null) throw notFound('connector', params.identifier, scope)
    return toConnector(row)
  })
  route(deleteContract, async ({ actor, params, query }) => {
    await deleteConnector(deps, actor, scopeIn(actor, query), params.identifier)
    return true
  })
  route(listContract, ({ actor, query, body }) => listConnectors(deps, scopeIn(actor, query), body, query))
  route(testContract, async ({ actor, params, query, signal }) => {
    const scope = scopeIn(actor, query)
    const testId = await startConnectionTest(deps, actor, scope, params.identifier)
    return awaitConnectionTest(deps, scope, testId, query.waitSeconds * SECOND_MS, signal)
  })
  route(getTestContract, ({ actor, params, query, signal }) =>
    awaitConnectionTest(deps, scopeIn(actor, query), params.testId, query.waitSeconds * SECOND_MS, signal),
  )
}
