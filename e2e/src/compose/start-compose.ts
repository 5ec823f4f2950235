import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyTaken } from '@sluice/local-servers'
import { until } from '@sluice/testing'
import { docker, findCompose, run } from './docker.ts'

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))
const BUILD_WITHIN_MS = 1_500_000
const UP_WITHIN_MS = 240_000

export interface ComposeOptions {
  /** PEM file that git in the delegate's pods trusts, too. */
  gitCaFile?: string
}

export interface Container {
  /** Name of its service in docker-compose.yml. */
  service: string
  id: string
  /** By the network's name in docker-compose.yml. */
  addresses: Record<string, string>
}

export interface Compose {
  /** `https://localhost:<port>` */
  gatewayUrl: string
  /** PEM file of the installation's own authority. */
  caFile: string
  /** Of admin@localhost, as the one-shot job printed it. */
  password: string
  /** Full name of a network, for `docker run --network`. */
  networkOf(name: string): string
  /** Address of the host on a network. */
  hostAddressOn(name: string): Promise<string>
  /** What runs; jobs have ended. */
  containers(): Promise<Container[]>
  /** Any compose command on this installation, e.g. `['up', '--detach']`; its output. */
  compose(...args: string[]): Promise<string>
  /** Ends everything and deletes its volumes and networks. */
  stop(): Promise<void>
}

/**
 * Starts docker-compose.yml of this repository as an installation of its own and waits until all of it is healthy.
 * The base images must be there or in reach of a registry. With `SLUICE_E2E_IMAGES=built` the images `sluice/*:test` are
 * taken as they are; else they are built, as far as they changed.
 */
export async function startCompose(options: ComposeOptions = {}): Promise<Compose> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-compose-'))
  const { program, args } = await findCompose()
  const project = `sluice-${randomBytes(4).toString('hex')}`
  const port = await quietPort()
  const env = {
    SLUICE_HTTPS_PORT: String(port),
    SLUICE_VERSION: 'test',
    SLUICE_SUBNET: `10.${await freeBlock()}`,
    // As the machine's own package managers reach their sources.
    SLUICE_BUILD_NETWORK: 'host',
    COMPOSE_PROJECT_NAME: project,
  }
  const overrides = join(folder, 'override.json')
  await writeFile(overrides, JSON.stringify(overridesOf(options)))
  const files = ['--file', join(REPOSITORY, 'docker-compose.yml'), '--file', overrides]
  const compose = (timeout: number, ...command: string[]): Promise<string> =>
    run(program, [...args, '--project-directory', REPOSITORY, ...files, ...command], { env, timeout })
  const stop = async (): Promise<void> => {
    await compose(UP_WITHIN_MS, 'down', '--volumes', '--remove-orphans', '--timeout', '5')
    await rm(folder, { recursive: true, force: true })
  }
  const containers = async (): Promise<Container[]> => {
    const ids = (await docker('ps', '-q', '--filter', `label=com.docker.compose.project=${project}`)).trim().split('\n')
    const found = JSON.parse(await docker('inspect', ...ids)) as {
      Id: string
      Config: { Labels: Record<string, string> }
      NetworkSettings: { Networks: Record<string, { IPAddress: string }> }
    }[]
    return found.map(({ Id, Config, NetworkSettings }) => ({
      id: Id,
      service: Config.Labels['com.docker.compose.service'] ?? '',
      addresses: Object.fromEntries(
        Object.entries(NetworkSettings.Networks).map(([name, { IPAddress }]) => [
          name.slice(project.length + 1),
          IPAddress,
        ]),
      ),
    }))
  }
  try {
    if (process.env['SLUICE_E2E_IMAGES'] !== 'built') await compose(BUILD_WITHIN_MS, 'build', '--quiet')
    await compose(UP_WITHIN_MS, 'up', '--detach', '--no-build')
    await waitUntilHealthy(containers)
    const caFile = join(folder, 'ca.pem')
    await writeFile(caFile, await compose(30_000, 'exec', '-T', 'gateway', 'cat', '/sluice/identity/ca.pem'))
    const printed = await compose(30_000, 'logs', 'setup')
    return {
      gatewayUrl: `https://localhost:${port}`,
      caFile,
      password: /password +(\S+)/.exec(printed)?.[1] ?? '',
      networkOf: (name) => `${project}_${name}`,
      hostAddressOn: (name) => hostAddressOn(`${project}_${name}`),
      containers,
      compose: (...command) => compose(UP_WITHIN_MS, ...command),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Settings on top of the file, as somebody with a private git host would write them. */
function overridesOf({ gitCaFile }: ComposeOptions): unknown {
  const delegate =
    gitCaFile === undefined
      ? {}
      : {
          environment: { SLUICE_GIT_CA_FILE: '/sluice/git-ca.pem' },
          volumes: [`${gitCaFile}:/sluice/git-ca.pem:ro`],
        }
  return { services: { delegate } }
}

/**
 * A free port below those that the system hands out by itself: minutes pass until the gateway takes it, in which
 * any outgoing connection could have got it.
 */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    if ((await whyTaken(port)) === undefined) return port
  }
}

/** The second number of addresses that no network of this machine's Docker has. */
async function freeBlock(): Promise<number> {
  const ids = (await docker('network', 'ls', '-q')).trim().split('\n')
  const taken = await docker('network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...ids)
  for (let block = 204; block < 255; block += 1) if (!taken.includes(`10.${block}.`)) return block
  throw new Error('Docker has networks in every block from 10.204 to 10.254: remove some (docker network prune).')
}

/** The first address of a network is the host's own, whether Docker says so or not. */
async function hostAddressOn(network: string): Promise<string> {
  const subnet = (await docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Subnet}}', network)).trim()
  const [a, b, c, d] = subnet.split(/[./]/)
  return `${a}.${b}.${c}.${Number(d) + 1}`
}

/** Waits for what Docker's own health checks say. */
async function waitUntilHealthy(containers: () => Promise<Container[]>): Promise<void> {
  const healthOf = async (): Promise<Record<string, string>> => {
    const running = await containers()
    const states = await docker('inspect', '--format', '{{.State.Health.Status}}', ...running.map(({ id }) => id))
    return Object.fromEntries(
      states
        .trim()
        .split('\n')
        .map((state, index) => [running[index]?.service ?? '', state]),
    )
  }
  let last: Record<string, string> = {}
  await until(
    async () => {
      last = await healthOf()
      return Object.values(last).every((state) => state === 'healthy')
    },
    { deadlineMs: 120_000, everyMs: 500, what: 'every container to be healthy' },
  ).catch((cause: unknown) => {
    throw new Error(`Not every container became healthy: ${JSON.stringify(last)}`, { cause })
  })
}
