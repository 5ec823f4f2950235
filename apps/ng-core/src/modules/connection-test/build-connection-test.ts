import { gitCredential, gitRepositoryUrl, type ConnectorKind } from '@sluice/contracts/connectors'
import { AppError } from '@sluice/contracts/errors'
import type { ConnectionTestParameters } from '@sluice/contracts/tasks'

/** Name under which the secret travels in the task. */
const PASSWORD = 'connection.password'

export interface ConnectionTestPlan {
  parameters: ConnectionTestParameters
  /** Reference to the secret that the test needs, as the connector writes it. */
  secret: { name: string; reference: string; path: string } | undefined
  selectors: string[]
}

/** What a delegate has to try for a connector. Pure. @throws AppError INVALID_REQUEST where a repository is missing */
export function buildConnectionTest(connector: ConnectorKind): ConnectionTestPlan {
  if (connector.type === 'JDBC') {
    const { auth, url, delegateSelectors } = connector.spec
    return auth.type === 'None'
      ? {
          parameters: { target: 'database', database: { jdbcUrl: url } },
          secret: undefined,
          selectors: delegateSelectors,
        }
      : {
          parameters: {
            target: 'database',
            database: { jdbcUrl: url, username: auth.spec.username, passwordSecret: PASSWORD },
          },
          secret: { name: PASSWORD, reference: auth.spec.passwordRef, path: 'spec.auth.spec.passwordRef' },
          selectors: delegateSelectors,
        }
  }
  const { spec } = connector
  if (spec.type === 'Account' && spec.validationRepo === undefined) {
    throw new AppError(
      'INVALID_REQUEST',
      'A connector to a whole git account is tested with one repository. Set spec.validationRepo.',
    )
  }
  const credential = gitCredential(spec)
  return {
    parameters: {
      target: 'git',
      url: gitRepositoryUrl(spec, spec.validationRepo),
      ...(credential === undefined ? {} : { username: credential.username, passwordSecret: PASSWORD }),
    },
    secret:
      credential === undefined
        ? undefined
        : { name: PASSWORD, reference: credential.secretReference, path: 'spec.authentication.spec.spec' },
    selectors: spec.delegateSelectors,
  }
}
