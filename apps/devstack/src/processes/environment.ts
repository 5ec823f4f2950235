import { allowedDestinations, destinationVariable, SERVICES, type ServiceName } from '@sluice/contracts/network'
import { serviceDatabaseUrl } from '@sluice/database/bootstrap'
import { certificateFiles } from '@sluice/certificates'
import type { Layout } from '../folder/layout.ts'
import { passwordOf, type State } from '../folder/state.ts'

/** Taken over from who runs npm start; nothing else of that environment reaches a service. */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TZ',
  'TMPDIR',
  'NODE_ENV',
  'SLUICE_LOG_LEVEL',
  'SLUICE_TRACE_FILE',
  'SLUICE_OPA_URL',
]

/** Services that the network table lets reach the key management: here the key file. */
const KEY_HOLDERS: readonly ServiceName[] = ['ng-core', 'delegate-service']

export interface EnvironmentOptions {
  layout: Layout
  state: State
}

/** Environment of one service: its own certificate, role, Redis user and folder, and the addresses its edges lead to. */
export function serviceEnvironment(service: ServiceName, { layout, state }: EnvironmentOptions): NodeJS.ProcessEnv {
  const { certFile, keyFile } = certificateFiles(layout, service, 'service')
  const own: NodeJS.ProcessEnv = {
    ...sharedEnvironment(layout),
    SLUICE_HTTP_HOST: '127.0.0.1',
    SLUICE_HTTP_PORT: port(state, service),
    SLUICE_HEALTH_HOST: '127.0.0.1',
    SLUICE_HEALTH_PORT: port(state, `${service} health`),
    SLUICE_TLS_CERT_FILE: certFile,
    SLUICE_TLS_KEY_FILE: keyFile,
    SLUICE_REDIS_URL: redisUrl(state, service, passwordOf(state.passwords.redis, service)),
    SLUICE_DATA_DIR: layout.dataDirOf(service),
    SLUICE_PUBLIC_URL: url(state, 'gateway'),
    SLUICE_LOG_SERVICE_PUBLIC_URL: url(state, 'log-service public'),
  }
  if (SERVICES[service].schema !== undefined) {
    own['SLUICE_DATABASE_URL'] = serviceDatabaseUrl({
      serverUrl: postgresUrl(state),
      service,
      password: passwordOf(state.passwords.database, service),
    })
  }
  const publicListener = service === 'gateway' ? 'gateway' : `${service} public`
  if (state.ports[publicListener] !== undefined) {
    const files = certificateFiles(layout, service, 'public')
    own['SLUICE_PUBLIC_PORT'] = port(state, publicListener)
    own['SLUICE_PUBLIC_TLS_CERT_FILE'] = files.certFile
    own['SLUICE_PUBLIC_TLS_KEY_FILE'] = files.keyFile
  }
  for (const destination of allowedDestinations(service))
    own[destinationVariable(destination)] = url(state, destination)
  if (KEY_HOLDERS.includes(service)) own['SLUICE_KEK_FILE'] = layout.kekFile
  if (service === 'scm-service') {
    // A git host on this machine, which the guard against requests to inner hosts would refuse.
    own['SLUICE_SCM_ALLOWED_HOSTS'] = 'localhost'
    own['SLUICE_SCM_CA_FILE'] = layout.gitTrustFile
  }
  if (service === 'ng-core') {
    own['SLUICE_FIRST_PASSWORD_FILE'] = layout.firstPasswordFile
    own['SLUICE_FIRST_DELEGATE_TOKEN_FILE'] = layout.delegateTokenFile
    // What install commands say to whoever starts another delegate.
    own['SLUICE_DELEGATE_PUBLIC_URL'] = url(state, 'delegate-service public')
    own['SLUICE_PUBLIC_CA_FILE'] = layout.caFile
  }
  return own
}

/** Environment of the local delegate: what a delegate in a customer's network is given, and nothing of the services. */
export function delegateEnvironment({ layout, state }: EnvironmentOptions): NodeJS.ProcessEnv {
  return {
    ...sharedEnvironment(layout),
    SLUICE_DELEGATE_NAME: 'local',
    // There is no cluster here: pipelines written for one run in processes of this machine.
    SLUICE_DELEGATE_RUN_AS_PROCESS: 'kubernetes,docker',
    SLUICE_DELEGATE_TOKEN_FILE: layout.delegateTokenFile,
    SLUICE_DELEGATE_SERVICE_URL: url(state, 'delegate-service public'),
    SLUICE_GIT_CA_FILE: layout.gitTrustFile,
    SLUICE_HEALTH_HOST: '127.0.0.1',
    SLUICE_HEALTH_PORT: port(state, 'delegate health'),
    SLUICE_DATA_DIR: layout.dataDirOf('delegate'),
  }
}

/** URL of the superuser to Sluice's database. */
export function postgresUrl(state: State, database = 'sluice'): string {
  return `postgresql://postgres:${state.passwords.postgres}@127.0.0.1:${port(state, 'postgres')}/${database}`
}

export function redisUrl(state: State, user: string, password: string): string {
  return `redis://${user}:${password}@127.0.0.1:${port(state, 'redis')}`
}

export function url(state: State, listener: string): string {
  return `https://localhost:${port(state, listener)}`
}

function sharedEnvironment(layout: Layout): NodeJS.ProcessEnv {
  const inherited = INHERITED.map((name) => [name, process.env[name]] as const).filter(
    ([, value]) => value !== undefined,
  )
  return {
    ...Object.fromEntries(inherited),
    SLUICE_CA_FILE: layout.caFile,
    // Second starts skip reading and stripping a few thousand modules again.
    NODE_COMPILE_CACHE: layout.compileCache,
  }
}

function port(state: State, listener: string): string {
  const chosen = state.ports[listener]
  if (chosen === undefined) throw new Error(`No port was chosen for "${listener}".`)
  return String(chosen)
}
