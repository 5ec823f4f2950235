import type { DelegateInstall } from '@sluice/contracts/delegates'
import { SERVICES } from '@sluice/contracts/network'

export interface InstallInput {
  /** The value, or what stands in its place. */
  token: string
  delegateName: string
  tags: readonly string[]
  /** Base URL at which delegates reach delegate-service. */
  serviceUrl: string
  /** PEM of an authority that the delegate must trust. */
  caCertificate: string | undefined
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])
const CA_FILE = 'sluice-ca.pem'
/** As infra/docker/Dockerfile lays the image out; its environment names the first two already. */
const MOUNTED_CA = '/sluice/identity/ca.pem'
const MOUNTED_DATA = '/sluice/data'
const DOCKERFILE = 'infra/docker/Dockerfile'
/** The name for the machine itself that messages advise; only some engines know it by themselves. */
const HOST_NAME = 'host.docker.internal:host-gateway'
const IMAGE = 'sluice/delegate:local'

/** One word of a POSIX shell. */
function quote(text: string): string {
  return /^[a-zA-Z0-9_./:@=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function writeFile(name: string, text: string): string {
  return `cat > ${name} <<'END'\n${text.trimEnd()}\nEND\n`
}

/** Commands that start a delegate from a checkout of this repository. Pure. */
export function installCommands(input: InstallInput): DelegateInstall {
  const { caCertificate, serviceUrl } = input
  const onThisMachine = LOOPBACK.has(new URL(serviceUrl).hostname)
  const common: [string, string][] = [
    ['SLUICE_DELEGATE_NAME', input.delegateName],
    ...(input.tags.length === 0 ? [] : [['SLUICE_DELEGATE_TAGS', input.tags.join(',')] satisfies [string, string]]),
    ['SLUICE_DELEGATE_TOKEN', input.token],
    ['SLUICE_DELEGATE_SERVICE_URL', serviceUrl],
  ]
  const ofProcess: [string, string][] = [
    ...common,
    ...(caCertificate === undefined ? [] : [['SLUICE_CA_FILE', `./${CA_FILE}`] satisfies [string, string]]),
    ['SLUICE_DATA_DIR', `./${input.delegateName}-data`],
    // Another delegate of this machine may have the usual one.
    ['SLUICE_HEALTH_PORT', '0'],
  ]
  // Empty: only what the platform trusts.
  const ofContainer: [string, string][] = [
    ...common,
    ...(caCertificate === undefined ? [['SLUICE_CA_FILE', ''] satisfies [string, string]] : []),
    // With the machine's network, "localhost" is the machine.
    ...(onThisMachine ? [['SLUICE_DELEGATE_IN_CONTAINER', '0'] satisfies [string, string]] : []),
  ]
  const ca = caCertificate === undefined ? '' : writeFile(CA_FILE, caCertificate)
  const node = [...ofProcess.map(([name, value]) => `${name}=${quote(value)}`), 'npx node apps/delegate/src/main.ts']
  const docker = [
    `docker build --file ${DOCKERFILE} --target delegate --tag ${IMAGE} . &&`,
    `docker run --detach --name ${input.delegateName} --init --read-only --tmpfs /tmp --cap-drop ALL --restart unless-stopped`,
    onThisMachine ? '--network host' : `--add-host ${HOST_NAME}`,
    ...ofContainer.map(([name, value]) => `--env ${quote(`${name}=${value}`)}`),
    ...(caCertificate === undefined ? [] : [`--volume "$PWD/${CA_FILE}:${MOUNTED_CA}:ro"`]),
    `--volume ${input.delegateName}-data:${MOUNTED_DATA}`,
    IMAGE,
  ]
  const compose = [
    'services:',
    '  delegate:',
    `    build: { context: ., dockerfile: ${DOCKERFILE}, target: delegate }`,
    `    image: ${IMAGE}`,
    '    init: true',
    '    read_only: true',
    '    tmpfs: [/tmp]',
    '    cap_drop: [ALL]',
    '    restart: unless-stopped',
    onThisMachine ? '    network_mode: host' : `    extra_hosts: [${JSON.stringify(HOST_NAME)}]`,
    '    environment:',
    ...ofContainer.map(([name, value]) => `      ${name}: ${JSON.stringify(value)}`),
    '    volumes:',
    `      - delegate-data:${MOUNTED_DATA}`,
    ...(caCertificate === undefined ? [] : [`      - ./${CA_FILE}:${MOUNTED_CA}:ro`]),
    'volumes:',
    '  delegate-data:',
  ].join('\n')
  return {
    delegateServiceUrl: serviceUrl,
    caCertificate,
    node: `${ca}${node.join(' \\\n  ')}\n`,
    docker: `${ca}${docker.join(' \\\n  ')}\n`,
    compose: `${ca}${writeFile('compose.delegate.yaml', compose)}docker compose --file compose.delegate.yaml up --detach --build\n`,
    notes: [
      'Run it in the folder of a checkout of Sluice; the process needs `npm ci` there first, the containers need Docker only.',
      `The delegate opens connections and listens for none: it must reach ${serviceUrl}, the public listener of log-service (port ${SERVICES['log-service'].publicPort} unless it was changed), the databases and the git hosts.`,
      ...(onThisMachine
        ? [
            `${serviceUrl} is an address of this machine: the containers share its network, which works on Linux. Give the control plane a name that other machines can reach before you start delegates there.`,
          ]
        : [
            'In a container "localhost" is the container itself: a database on its machine is at "host.docker.internal".',
          ]),
      'Keep its data folder: it holds the keys that it enrolled with. After the first start it needs the token no more.',
    ],
  }
}
