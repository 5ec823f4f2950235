import { PassThrough } from 'node:stream'
import { defineRoute } from '@sluice/contracts/routes'
import { until } from '@sluice/testing'
import Fastify from 'fastify'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { registerRoute } from '../src/route.ts'
import { logger } from './kit.ts'

const events = defineRoute({
  service: 'ng-manager',
  summary: '',
  tag: '',
  errors: [],
  family: 'bare',
  method: 'GET',
  path: '/ng-manager/events',
  operationId: 'events',
  auth: 'public',
  responseType: 'sse',
})

test('a reader that leaves a stream in the middle is no error, and whoever writes the stream hears of it', async () => {
  const app = Fastify()
  const errors: unknown[] = []
  let hasLeft = false
  app.setErrorHandler((error) => errors.push(error))
  registerRoute(app, events, {
    service: 'ng-manager',
    logger,
    handler: ({ reply, signal }) => {
      const stream = new PassThrough()
      stream.write('data: 1\n\n')
      signal.addEventListener('abort', () => {
        hasLeft = true
        stream.end()
      })
      return reply.type('text/event-stream').send(stream)
    },
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  try {
    const abort = new AbortController()
    const { body } = await request(`${origin}/ng-manager/events`, { signal: abort.signal })
    body.on('error', () => undefined)
    await body[Symbol.asyncIterator]().next()
    abort.abort()
    await until(() => hasLeft, { what: 'the reader to have left' })
    // Whatever the route still does comes before the answer to the next request.
    expect((await request(`${origin}/nothing`)).statusCode).toBe(404)
    expect(errors).toEqual([])
  } finally {
    await app.close()
  }
})
