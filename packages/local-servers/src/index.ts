export {
  createAuthority,
  openAuthority,
  type Authority,
  type CertificateRequest,
  type IssuedCertificate,
} from './certificates/authority.ts'
export { freePort, freePorts, whyTaken } from './ports/free-port.ts'
export { startPostgres, type PostgresOptions } from './postgres/start-postgres.ts'
export { findRedisServer, type RedisBinary } from './redis/find-redis-server.ts'
export { startRedis, type RedisOptions } from './redis/start-redis.ts'
export { lastLines, type RunningServer } from './running-server.ts'
