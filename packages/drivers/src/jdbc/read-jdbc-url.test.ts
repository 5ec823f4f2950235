import { describe, expect, test } from 'vitest'
import { DriverError } from '../error.ts'
import { readJdbcUrl } from './read-jdbc-url.ts'

function refusal(url: string): DriverError {
  try {
    readJdbcUrl(url)
  } catch (error) {
    if (error instanceof DriverError) return error
    throw error
  }
  throw new Error('the URL was accepted')
}

test.each([
  ['jdbc:postgresql://db.example:6543/orders', [{ host: 'db.example', port: 6543 }], 'orders'],
  ['jdbc:postgresql://db.example/orders', [{ host: 'db.example', port: 5432 }], 'orders'],
  [
    'jdbc:postgresql://a:1,b,[::1]:3/orders',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 5432 },
      { host: '::1', port: 3 },
    ],
    'orders',
  ],
  ['jdbc:postgresql:///orders', [{ host: 'localhost', port: 5432 }], 'orders'],
  ['jdbc:postgresql:orders', [{ host: 'localhost', port: 5432 }], 'orders'],
  ['jdbc:postgresql://h/my%20orders', [{ host: 'h', port: 5432 }], 'my orders'],
  ['jdbc:postgresql://h/', [{ host: 'h', port: 5432 }], ''],
])('%s', (url, hosts, database) => {
  expect(readJdbcUrl(url)).toMatchObject({ dialect: 'postgresql', hosts, database })
})

test('parameters are mapped with the meaning that JDBC gives them', () => {
  const url =
    'jdbc:postgresql://h/d?currentSchema=app,public&sslmode=verify-ca&ApplicationName=my+app&options=-c%20geqo%3Doff&connectTimeout=3&targetServerType=master&readOnly=true&tcpKeepAlive=true'
  expect(readJdbcUrl(url)).toMatchObject({
    currentSchema: 'app,public',
    tlsMode: 'verify-ca',
    applicationName: 'my app',
    options: '-c geqo=off',
    connectTimeoutMs: 3000,
    targetServerType: 'primary',
    readOnly: true,
    keepAlive: true,
    notices: [],
  })
})

test.each([
  ['', 'prefer'],
  ['?ssl=true', 'verify-full'],
  ['?ssl=false', 'prefer'],
  ['?sslmode=require', 'require'],
])('"%s" asks for TLS as %s', (query, tlsMode) => {
  expect(readJdbcUrl(`jdbc:postgresql://h/d${query}`).tlsMode).toBe(tlsMode)
})

test('a parameter of the Java driver alone has no effect, and a notice says so', () => {
  expect(readJdbcUrl('jdbc:postgresql://h/d?prepareThreshold=0').notices).toEqual([
    expect.stringContaining('"prepareThreshold"'),
  ])
})

describe('refused, all at once, with the reason', () => {
  test('credentials, classes, files and unknown names', () => {
    const error = refusal(
      'jdbc:postgresql://h/d?user=joe&password=hunter22&socketFactory=evil.Class&sslrootcert=/etc/x&loggerFile=/etc/y&sslMode=disable',
    )
    expect(error.reason).toBe('JDBC_PARAMETER_REFUSED')
    for (const name of ['user', 'password', 'socketFactory', 'sslrootcert', 'loggerFile', 'sslMode'])
      expect(error.message).toContain(`"${name}"`)
    expect(error.message).not.toContain('hunter22')
    expect(error.message).toContain('sslmode=require encrypts')
  })
  test('credentials before the host', () => {
    const error = refusal('jdbc:postgresql://joe:hunter22@h/d')
    expect([error.reason, error.message.includes('hunter22')]).toEqual(['JDBC_PARAMETER_REFUSED', false])
  })
})

test.each([
  ['postgresql://h/d'],
  ['jdbc:postgresql://h:port/d'],
  ['jdbc:postgresql://h:99999/d'],
  ['jdbc:postgresql://h/d?sslmode=yes'],
  ['jdbc:postgresql://h/d?connectTimeout=soon'],
  ['jdbc:postgresql://h/%zz'],
  ['jdbc:nosuch://h/d'],
  [''],
])('"%s" is no JDBC URL, and its sentence quotes it', (url) => {
  expect(refusal(url)).toMatchObject({
    reason: 'INVALID_JDBC_URL',
    code: 'JDBC_URL_INVALID',
    message: expect.stringContaining(url.split('?')[0] ?? ''),
  })
})

test.each(['mysql', 'mariadb', 'oracle', 'sqlserver'])('%s is recognised by name and not built yet', (dialect) => {
  expect(refusal(`jdbc:${dialect}://h/d`)).toMatchObject({
    reason: 'DRIVER_NOT_BUILT',
    message: expect.stringContaining('not built yet'),
  })
})
