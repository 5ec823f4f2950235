import {
  allowedDestinations,
  destinationVariable,
  SERVICE_NAMES,
  SERVICES,
  type ServiceName,
} from '@sluice/contracts/network'
import { listensOn, MEMBERS, networksOf, type Member, type Network } from './networks.ts'

type Settings = Record<string, unknown>

/** First two numbers of every address: changed where they collide with a network of the machine. */
const PREFIX = '${SLUICE_SUBNET:-10.203}'
const PUBLIC_URL = 'https://${SLUICE_HOSTNAME:-localhost}:${SLUICE_HTTPS_PORT:-443}'
const LOG_SERVICE_URL = `https://log-service:${SERVICES['log-service'].publicPort}`
const DELEGATE_SERVICE_URL = `https://delegate-service:${SERVICES['delegate-service'].publicPort}`
const TARGETS = [...MEMBERS, 'setup', 'postgres', 'redis'] as const
type Target = (typeof TARGETS)[number]

const networks = networksOf()

/** The whole of docker-compose.yml as an object; the names under `x-` are what its services share. */
export function composeFile(): Settings {
  return {
    'x-contained': {
      init: true,
      read_only: true,
      tmpfs: ['/tmp:size=64m,mode=1777'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      pids_limit: 256,
      logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
    },
    services: {
      certificates: {
        ...job('issue'),
        network_mode: 'none',
        environment: { SLUICE_HOSTNAME: '${SLUICE_HOSTNAME:-localhost}' },
        volumes: [
          'authority:/sluice/authority',
          'stores:/sluice/stores',
          'keys:/sluice/keys',
          ...[...MEMBERS, 'postgres', 'redis'].map((owner) => `${owner}-identity:/sluice/${owner}`),
        ],
      },
      setup: {
        ...job('prepare'),
        depends_on: { postgres: { condition: 'service_healthy' }, redis: { condition: 'service_healthy' } },
        environment: { SLUICE_PUBLIC_URL: PUBLIC_URL },
        networks: networksOfMember('setup'),
        volumes: ['stores:/sluice/stores:ro', 'ng-core-identity:/sluice/ng-core'],
      },
      postgres: {
        ...store('postgres', '1g'),
        tmpfs: ['/tmp:size=64m,mode=1777', '/var/run/postgresql:mode=1777', '/var/lib/postgresql/data'],
        shm_size: '256m',
        volumes: ['postgres-identity:/sluice/secret:ro', 'postgres-data:/sluice/data'],
      },
      redis: {
        ...store('redis', '512m'),
        volumes: ['redis-identity:/sluice/secret:ro', 'redis-data:/data'],
      },
      ...Object.fromEntries(SERVICE_NAMES.map((service) => [service, serviceSettings(service)])),
      delegate: {
        ...image('delegate'),
        restart: 'unless-stopped',
        depends_on: Object.fromEntries(
          ['ng-core', 'delegate-service', 'log-service'].map((name) => [name, { condition: 'service_healthy' }]),
        ),
        environment: {
          SLUICE_DELEGATE_NAME: 'compose',
          SLUICE_DELEGATE_RUN_AS_PROCESS: 'kubernetes,docker',
          SLUICE_DELEGATE_SERVICE_URL: DELEGATE_SERVICE_URL,
          SLUICE_DELEGATE_TOKEN_FILE: '/sluice/enrolment/token',
          SLUICE_LOG_LEVEL: '${SLUICE_LOG_LEVEL:-info}',
        },
        // Databases of the machine itself: jdbc:postgresql://host.docker.internal:5432/…
        extra_hosts: ['host.docker.internal:host-gateway'],
        mem_limit: '2g',
        pids_limit: 1024,
        stop_grace_period: '30s',
        networks: networksOfMember('delegate'),
        volumes: [
          'delegate-identity:/sluice/identity:ro',
          'enrolment:/sluice/enrolment:ro',
          'delegate-data:/sluice/data',
        ],
      },
    },
    networks: Object.fromEntries(
      networks.map(({ name, internal, subnet }) => [
        name,
        { ...(internal ? { internal: true } : {}), ipam: { config: [{ subnet: `${PREFIX}.${subnet}` }] } },
      ]),
    ),
    volumes: Object.fromEntries(
      [
        'authority',
        'stores',
        'keys',
        'enrolment',
        ...[...MEMBERS, 'postgres', 'redis'].map((owner) => `${owner}-identity`),
        ...['postgres', 'redis', 'log-service', 'delegate'].map((owner) => `${owner}-data`),
      ].map((name) => [name, {}]),
    ),
  }
}

/** Sentence per network, for the comments of the file. */
export function reasonsOfNetworks(): Map<string, string> {
  return new Map(networks.map(({ name, reason }) => [name, reason]))
}

function serviceSettings(service: ServiceName): Settings {
  return {
    ...image(service),
    restart: 'unless-stopped',
    depends_on: { setup: { condition: 'service_completed_successfully' } },
    environment: environmentOf(service),
    mem_limit: '512m',
    ...(service === 'gateway'
      ? { ports: [`\${SLUICE_HTTPS_BIND:-127.0.0.1}:\${SLUICE_HTTPS_PORT:-443}:${SERVICES.gateway.port}`] }
      : {}),
    networks: networksOfMember(service),
    volumes: volumesOf(service),
  }
}

function environmentOf(service: ServiceName): Settings {
  const { publicPort } = SERVICES[service]
  const environment: Settings = { SLUICE_PUBLIC_URL: PUBLIC_URL, SLUICE_LOG_LEVEL: '${SLUICE_LOG_LEVEL:-info}' }
  // Bound to the address of its own edge: whoever shares another network with the service finds no listener there.
  const internal = addressOf(service, listensOn(service, 'service'))
  const external = addressOf(service, listensOn(service, 'public'))
  if (service === 'gateway') environment['SLUICE_HTTP_HOST'] = external
  else if (internal !== undefined) environment['SLUICE_HTTP_HOST'] = internal
  if (publicPort !== undefined) environment['SLUICE_PUBLIC_HOST'] = external
  if (publicPort !== undefined || service === 'gateway') {
    environment['SLUICE_PUBLIC_TLS_CERT_FILE'] = '/sluice/identity/public.pem'
    environment['SLUICE_PUBLIC_TLS_KEY_FILE'] = '/sluice/identity/public.key'
  }
  for (const to of allowedDestinations(service))
    environment[destinationVariable(to)] = `https://${to}:${SERVICES[to].port}`
  if (service === 'ng-manager' || service === 'log-service')
    environment['SLUICE_LOG_SERVICE_PUBLIC_URL'] = LOG_SERVICE_URL
  if (service === 'ng-core') {
    environment['SLUICE_DELEGATE_PUBLIC_URL'] = DELEGATE_SERVICE_URL
    environment['SLUICE_PUBLIC_CA_FILE'] = '/sluice/identity/ca.pem'
    environment['SLUICE_FIRST_PASSWORD_FILE'] = '/sluice/identity/first-password'
    environment['SLUICE_FIRST_DELEGATE_TOKEN_FILE'] = '/sluice/enrolment/token'
  }
  if (isKeyHolder(service)) environment['SLUICE_KEK_FILE'] = '/sluice/keys/kek'
  return environment
}

function volumesOf(service: ServiceName): string[] {
  return [
    `${service}-identity:/sluice/identity:ro`,
    ...(isKeyHolder(service) ? ['keys:/sluice/keys:ro'] : []),
    ...(service === 'ng-core' ? ['enrolment:/sluice/enrolment'] : []),
    ...(service === 'log-service' ? ['log-service-data:/sluice/data'] : []),
  ]
}

/** Services that the network table lets reach the key management: here the key file. */
function isKeyHolder(service: ServiceName): boolean {
  return service === 'ng-core' || service === 'delegate-service'
}

function image(target: Target): Settings {
  return {
    image: `sluice/${target}:\${SLUICE_VERSION:-local}`,
    build: {
      context: '.',
      dockerfile: 'infra/docker/Dockerfile',
      target,
      network: '${SLUICE_BUILD_NETWORK:-default}',
    },
  }
}

function job(command: string): Settings {
  return { ...image('setup'), command: [command], restart: 'no', mem_limit: '512m' }
}

function store(name: 'postgres' | 'redis', memory: string): Settings {
  return {
    ...image(name),
    restart: 'unless-stopped',
    depends_on: { certificates: { condition: 'service_completed_successfully' } },
    // What the one-shot job wrote is readable by its group.
    group_add: ['1000'],
    mem_limit: memory,
    networks: networksOfMember(name),
  }
}

function networksOfMember(member: Target): Settings {
  return Object.fromEntries(
    networks
      .filter(({ members }) => members.includes(member))
      .map((network) => {
        const address = member in network.addresses ? addressOf(member as Member, network) : undefined
        return [network.name, address === undefined ? {} : { ipv4_address: address }]
      }),
  )
}

function addressOf(member: Member, network: Network | undefined): string | undefined {
  const address = network?.addresses[member]
  return address === undefined ? undefined : `${PREFIX}.${address}`
}
