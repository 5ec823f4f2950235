import { Writable } from 'node:stream'
import pino from 'pino'
import { expect, test } from 'vitest'
import { LOGGER_OPTIONS } from './logger.ts'

test('the arguments of a Redis command never reach a log: AUTH carries the password', () => {
  let written = ''
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk)
      done()
    },
  })
  const error = Object.assign(new Error('WRONGPASS'), {
    command: { name: 'hello', args: ['3', 'AUTH', 'gateway', 'a redis password'] },
  })

  pino(LOGGER_OPTIONS, sink).warn({ err: error }, 'redis is away')

  expect(written).toContain('WRONGPASS')
  expect(written).not.toContain('a redis password')
})
