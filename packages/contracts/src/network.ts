/**
 * The network table: who may open a connection to whom. Everything that allows or forbids a
 * connection (peer allow-lists, base URLs a service may be configured with, compose networks,
 * the tables in docs/ARCHITECTURE.md) is derived from the two lists below.
 */

/** Control-plane services; each has a certificate with the URI SAN `sluice://service/<name>`. */
export const SERVICE_NAMES = [
  'gateway',
  'ng-core',
  'pipeline-service',
  'ng-manager',
  'dbdevops-service',
  'scm-service',
  'log-service',
  'delegate-service',
] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]

export interface ServiceSpec {
  name: ServiceName
  /** First path segment that the service's own routes begin with. */
  pathPrefix: string
  /** Postgres schema the service owns, if any. */
  schema?: string
  /** Port of the mutual-TLS listener on a laptop. The gateway's is public. */
  port: number
  /** Port of the plain health and metrics listener on a laptop (loopback only). */
  healthPort: number
  /** Port of a second, public listener that authenticates with tokens. */
  publicPort?: number
}

export const SERVICES: Record<ServiceName, ServiceSpec> = {
  gateway: { name: 'gateway', pathPrefix: '/gateway', port: 8443, healthPort: 9443 },
  'ng-core': { name: 'ng-core', pathPrefix: '/ng/api', schema: 'ng', port: 8451, healthPort: 9451 },
  'pipeline-service': {
    name: 'pipeline-service',
    pathPrefix: '/pipeline-service',
    schema: 'pipeline',
    port: 8452,
    healthPort: 9452,
  },
  'ng-manager': { name: 'ng-manager', pathPrefix: '/ng-manager', schema: 'ngm', port: 8453, healthPort: 9453 },
  'dbdevops-service': {
    name: 'dbdevops-service',
    pathPrefix: '/dbdevops',
    schema: 'dbdevops',
    port: 8454,
    healthPort: 9454,
  },
  'scm-service': { name: 'scm-service', pathPrefix: '/scm', schema: 'scm', port: 8455, healthPort: 9455 },
  'log-service': {
    name: 'log-service',
    pathPrefix: '/log-service',
    schema: 'log',
    port: 8456,
    healthPort: 9456,
    publicPort: 8466,
  },
  'delegate-service': {
    name: 'delegate-service',
    pathPrefix: '/delegate-service',
    schema: 'delegate',
    port: 8457,
    healthPort: 9457,
    publicPort: 8467,
  },
}

export interface Edge {
  from: string
  to: string
  protocol: 'https' | 'wss' | 'grpc' | 'driver'
  port: string
  path: string
  /** True where the row spells out something that the published table leaves open. */
  spelledOut?: true
}

/** List A: the published table. It never grows by a short cut. */
export const EDGES = [
  { from: 'ui', to: 'gateway', protocol: 'https', port: '443', path: '/gateway' },
  { from: 'gateway', to: 'ng-core', protocol: 'https', port: '443', path: '/ng/api/*' },
  { from: 'gateway', to: 'log-service', protocol: 'https', port: '443', path: '/log-service/*' },
  { from: 'gateway', to: 'pipeline-service', protocol: 'https', port: '443', path: '/pipeline-service/*' },
  { from: 'pipeline-service', to: 'ng-manager', protocol: 'https', port: '443', path: '/ng-manager/*' },
  { from: 'ng-manager', to: 'dbdevops-service', protocol: 'https', port: '443', path: '/dbdevops/*' },
  { from: 'ng-manager', to: 'scm-service', protocol: 'https', port: '443', path: '/scm/*' },
  { from: 'delegate', to: 'delegate-service', protocol: 'wss', port: '443', path: '/delegate-service/*' },
  { from: 'delegate', to: 'lite-engine', protocol: 'grpc', port: '20001', path: 'inside the pod' },
  { from: 'lite-engine', to: 'step-container', protocol: 'grpc', port: '20001', path: 'inside the pod' },
  {
    from: 'step-container',
    to: 'target-database',
    protocol: 'driver',
    port: '5432 / 27017 / 3306 / …',
    path: 'customer network',
  },
  {
    from: 'delegate',
    to: 'git',
    protocol: 'https',
    port: '443',
    path: 'external; the pods a delegate owns included',
    spelledOut: true,
  },
  {
    from: 'delegate',
    to: 'blob-store',
    protocol: 'https',
    port: '443',
    path: 'external; lite engine included, and live lines go to Log Service',
    spelledOut: true,
  },
] as const satisfies readonly Edge[]

/** List B: stores, and the control plane's own egress. Each row has its owner and its reason. */
export const STORES_AND_EGRESS = [
  {
    owner: 'every service',
    to: 'its own Postgres schema',
    reason: 'the rows it owns, plus the grants of crossings.ts',
  },
  { owner: 'every service', to: 'Redis, as its own user', reason: 'queues of queues.ts and fan-out of stored things' },
  { owner: 'scm-service', to: 'git hosts reachable from the control plane', reason: 'refs, files, webhooks' },
  { owner: 'git hosts', to: 'gateway', reason: 'webhooks' },
  { owner: 'pipeline-service', to: 'chat, mail and ticket systems', reason: 'notifications and approvals' },
  { owner: 'ng-manager', to: 'OPA server', reason: 'policies written in Rego' },
  { owner: 'ng-core', to: 'KMS', reason: 'wrapping of data keys' },
  { owner: 'delegate-service', to: 'KMS', reason: 'unwrapping of data keys for the delegate that holds the task' },
  { owner: 'log-service', to: 'blob store', reason: 'finished logs' },
] as const

/** Control-plane services that may open a mutual-TLS connection to `service`. Empty: nobody. */
export function allowedPeers(service: ServiceName): ServiceName[] {
  return SERVICE_NAMES.filter((name) => EDGES.some((edge) => edge.from === name && edge.to === service))
}

/** Control-plane services that `service` may call, in the order of the table. */
export function allowedDestinations(service: ServiceName): ServiceName[] {
  return SERVICE_NAMES.filter((name) => EDGES.some((edge) => edge.from === service && edge.to === name))
}

/** URI SAN of a service's certificate. */
export function serviceUri(service: ServiceName): string {
  return `sluice://service/${service}`
}

/** Name of the environment variable that gives the base URL of `destination`, e.g. `SLUICE_URL_NG_CORE`. */
export function destinationVariable(destination: ServiceName): string {
  return `SLUICE_URL_${destination.toUpperCase().replaceAll('-', '_')}`
}
