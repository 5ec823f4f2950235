import { DriverError, readJdbcUrl } from '@sluice/drivers'
import { isAppError } from '@sluice/contracts/errors'
import { expect, test } from 'vitest'
import { explainLocalhost, isInContainer } from './explain-localhost.ts'

const refused = new DriverError('CONNECTION_REFUSED', 'Nobody listens at localhost:5432')
const target = (host: string) => readJdbcUrl(`jdbc:postgresql://${host}:5432/shop`)

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.0.1', '[::1]'])(
  'a refused connection to %s from a container says what to write',
  (host) => {
    const explained = explainLocalhost(refused, target(host), true)
    expect(isAppError(explained) && explained.message).toMatch(
      /^Nobody listens at localhost:5432\. .*this container itself.*"host\.docker\.internal" \(or the machine's name\)/,
    )
    expect(explained).toMatchObject({ code: 'DATABASE_UNREACHABLE', details: { hint: 'LOCALHOST_IN_CONTAINER' } })
  },
)

test('outside a container, for another host and for another failure the error stays what it is', () => {
  expect(explainLocalhost(refused, target('localhost'), false)).toBe(refused)
  expect(explainLocalhost(refused, target('db.example.com'), true)).toBe(refused)
  const wrong = new DriverError('WRONG_PASSWORD', 'The password is wrong')
  expect(explainLocalhost(wrong, target('localhost'), true)).toBe(wrong)
})

test("the image's own word counts before anything that is found on the disk", () => {
  expect(isInContainer({ SLUICE_DELEGATE_IN_CONTAINER: '1' })).toBe(true)
  expect(isInContainer({ SLUICE_DELEGATE_IN_CONTAINER: '0' })).toBe(false)
})
