import { ConnectorKind } from '@sluice/contracts/connectors'
import { expect, test } from 'vitest'
import { outcomeOf } from './apply-task-event.ts'
import { buildConnectionTest } from './build-connection-test.ts'

const git = (spec: object) =>
  ConnectorKind.parse({
    type: 'Github',
    spec: {
      url: 'https://git.test/acme/',
      type: 'Account',
      authentication: {
        type: 'Http',
        spec: { type: 'UsernameToken', spec: { username: 'bot', tokenRef: 'account.pat' } },
      },
      ...spec,
    },
  })

test('an account connector is tried with its validation repository, and asks for one', () => {
  expect(buildConnectionTest(git({ validationRepo: 'shop-db' }))).toEqual({
    parameters: {
      target: 'git',
      url: 'https://git.test/acme/shop-db',
      username: 'bot',
      passwordSecret: 'connection.password',
    },
    secret: { name: 'connection.password', reference: 'account.pat', path: 'spec.authentication.spec.spec' },
    selectors: [],
  })
  expect(() => buildConnectionTest(git({}))).toThrow(/validationRepo/)
})

test('a database without authentication needs no secret', () => {
  const connector = ConnectorKind.parse({
    type: 'JDBC',
    spec: { url: 'jdbc:postgresql://db/x', auth: { type: 'None' } },
  })

  expect(buildConnectionTest(connector)).toMatchObject({ secret: undefined, parameters: { target: 'database' } })
})

test('a phase that failed is a failure, whatever the task says', () => {
  const phases = [
    { phase: 'tcp', ok: true, durationMs: 1 },
    { phase: 'login', ok: false, durationMs: 1, message: 'no such role' },
  ]
  const result = { outcome: 'succeeded' as const, outputs: {}, units: [], data: { phases } }

  expect(outcomeOf(result)).toMatchObject({ status: 'FAILURE', error: { message: 'no such role' } })
  expect(outcomeOf({ ...result, data: phases.slice(0, 1) })).toMatchObject({ status: 'SUCCESS' })
})
