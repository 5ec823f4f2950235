import { z } from 'zod'
import { defineRoute } from './routes.ts'

/** Says that the gateway runs; nothing about what is behind it. */
export const getGatewayHealth = defineRoute({
  service: 'gateway',
  method: 'GET',
  path: '/gateway/health',
  publicPath: '/gateway/health',
  operationId: 'getGatewayHealth',
  summary: 'Whether the gateway runs',
  tag: 'Gateway',
  auth: 'public',
  response: z.object({ status: z.literal('ok') }),
  family: 'bare',
  errors: [],
})
