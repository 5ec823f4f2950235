import { expect, test } from 'vitest'
import { isLoopback, jdbcParts, jdbcUrlProblem, nameOf, withHost } from './jdbc-url.ts'

test('a URL falls into its parts', () => {
  expect(jdbcParts('jdbc:postgresql://db.internal:5432/shop?ssl=true')).toEqual({
    engine: 'postgresql',
    host: 'db.internal',
    port: 5432,
    database: 'shop',
  })
  expect(jdbcParts('jdbc:postgresql://[::1]/shop')).toEqual({ engine: 'postgresql', host: '[::1]', database: 'shop' })
  expect(jdbcParts('postgres://x')).toBeUndefined()
})

test.each([
  ['', 'Paste'],
  ['db.internal:5432/shop', 'host, not a URL'],
  ['http://x/y', 'begins with'],
  ['jdbc:postgresql:shop', 'slashes'],
  ['jdbc:postgresql://db 1/shop', 'spaces'],
  ['jdbc:oracle:thin:@h:1521/x', '“oracle” is not built yet'],
  ['jdbc:mysql://h:3306/shop', '“mysql” is not built yet; PostgreSQL is'],
  ['jdbc:mariadb://h/shop', '“mariadb” is not built yet'],
  ['jdbc:postgresql://${DB_HOST}/shop', 'in place of “${…}”'],
  ['jdbc:postgresql:///shop', 'host is missing'],
  ['jdbc:postgresql://h:99999/shop', 'no port 99999'],
  ['jdbc:postgresql://h:abc/shop', 'port is a number'],
  ['jdbc:postgresql://h:5432', 'name of the database'],
  ['jdbc:postgresql://h:5432/?ssl=true', 'name of the database'],
])('says at once what is wrong: %s', (url, words) => {
  expect(jdbcUrlProblem(url)).toContain(words)
})

test.each(['jdbc:postgresql://h/shop', 'jdbc:postgresql://a:1,b:2/shop', 'jdbc:postgresql://[::1]:5432/shop?x=y'])(
  'nothing is wrong with %s',
  (url) => {
    expect(jdbcUrlProblem(url)).toBeUndefined()
  },
)

test('localhost in any spelling means the machine itself, and can be replaced', () => {
  expect(
    ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST'].map((host) => isLoopback(`jdbc:mysql://${host}:1/x`)),
  ).toEqual([true, true, true, true])
  expect(isLoopback('jdbc:mysql://localhost.example.org/x')).toBe(false)
  expect(withHost('jdbc:mysql://localhost:3306/x', 'host.docker.internal')).toBe(
    'jdbc:mysql://host.docker.internal:3306/x',
  )
})

test('a database suggests a name', () => {
  expect(nameOf('jdbc:postgresql://h/shop_orders')).toBe('Shop orders')
})
