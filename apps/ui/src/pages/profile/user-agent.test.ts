import { expect, test } from 'vitest'
import { userAgentText } from './user-agent.ts'

test('what browsers say about themselves is told in two words', () => {
  expect(
    userAgentText('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36'),
  ).toBe('Chrome on Linux')
  expect(userAgentText('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(
    'Firefox on macOS',
  )
  expect(userAgentText('curl/8.5.0')).toBe('curl')
  expect(userAgentText('my-script')).toBe('my-script')
  expect(userAgentText(undefined)).toBe('Unknown program')
})
