/** The project that every account begins with. */
export const PROJECT = { orgIdentifier: 'default', projectIdentifier: 'default_project' }

/** Body that stores a secret. */
export function secret(identifier: string, value: string, more: object = {}) {
  return {
    secret: {
      type: 'SecretText',
      identifier,
      name: identifier,
      ...PROJECT,
      spec: { secretManagerIdentifier: 'harnessSecretManager', valueType: 'Inline', value },
      ...more,
    },
  }
}

/** Body that makes a JDBC connector. */
export function jdbc(identifier: string, passwordRef: string, more: object = {}) {
  return {
    connector: {
      identifier,
      name: identifier,
      type: 'JDBC',
      ...PROJECT,
      spec: {
        url: 'jdbc:postgresql://db:5432/orders',
        auth: { type: 'UsernamePassword', spec: { username: 'deployer', passwordRef } },
        delegateSelectors: ['stg'],
        ...more,
      },
    },
  }
}
