import { context } from '@opentelemetry/api'
import type { ServiceName } from '@sluice/contracts/network'
import { PASS_THROUGH } from '@sluice/contracts/routes'
import type { FastifyInstance } from 'fastify'
import type { ServiceClient } from './client.ts'

/**
 * Mounts the prefixes that this service only hands on to the next hop of the network table.
 * The last hop authenticates and authorizes: it owns the data.
 */
export async function registerPassThrough(
  app: FastifyInstance,
  service: ServiceName,
  client: ServiceClient,
): Promise<void> {
  for (const hop of PASS_THROUGH.filter((candidate) => candidate.at === service)) {
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      // The body is streamed on, whatever it is.
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
      scope.all(`${hop.prefix}/*`, (request, reply) =>
        context.with(request.traceContext, () =>
          client.forward(request, reply, {
            to: hop.to,
            path: hop.target + request.url.slice(hop.prefix.length),
            // Only background work of a named peer may carry this header; a pass-through request never does.
            drop: ['on-behalf-of'],
          }),
        ),
      )
    })
  }
}
