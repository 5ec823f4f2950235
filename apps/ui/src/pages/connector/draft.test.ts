import { ConnectorInput } from '@sluice/contracts/connectors'
import { expect, test } from 'vitest'
import { draftOf, emptyDraft, inputOf } from './draft.ts'

const project = { orgIdentifier: 'default', projectIdentifier: 'shop' }
const head = { ...project, identifier: 'orders', name: 'Orders', description: 'of the shop', tags: { env: 'prod' } }

test.each([
  {
    ...head,
    type: 'JDBC',
    spec: {
      url: 'jdbc:postgresql://db:5432/orders',
      auth: { type: 'UsernamePassword', spec: { username: 'sluice', passwordRef: 'account.pw' } },
      delegateSelectors: ['eu'],
      ignoreTestConnection: true,
    },
  },
  { ...head, type: 'JDBC', spec: { url: 'jdbc:postgresql://db/x', auth: { type: 'None' } } },
  {
    ...head,
    type: 'Github',
    spec: {
      url: 'https://git.test/acme',
      type: 'Account',
      validationRepo: 'orders-db',
      authentication: { type: 'Http', spec: { type: 'UsernameToken', spec: { tokenRef: 'pat' } } },
      apiAccess: { type: 'Token', spec: { tokenRef: 'api' } },
      executeOnDelegate: true,
    },
  },
  {
    ...head,
    type: 'Git',
    spec: { url: 'https://git.test/acme/x', type: 'Repo', authentication: { type: 'Anonymous' } },
  },
])('a stored connector comes back from its form as it was: $type', (stored) => {
  const connector = ConnectorInput.parse(stored)

  expect(ConnectorInput.parse(inputOf(draftOf(connector), project))).toEqual(connector)
})

test('a filled draft of every type is one that the API takes', () => {
  for (const type of ['JDBC', 'Gitlab'] as const) {
    const draft = {
      ...emptyDraft(type),
      naming: { name: 'Orders', identifier: 'orders', isOwn: false },
      url: type === 'JDBC' ? ' jdbc:postgresql://db/x ' : 'https://git.test/a/b',
      username: 'me',
      secretRef: 'pw',
    }
    expect(ConnectorInput.safeParse(inputOf(draft, project)).success).toBe(true)
  }
})
