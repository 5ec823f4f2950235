import type { FastifyRequest } from 'fastify'

/** Address of the caller as the gateway, the only peer, passes it on. */
export function clientIp(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const header = request.headers['x-forwarded-for']
  return typeof header === 'string' ? header.slice(0, 64) : undefined
}
