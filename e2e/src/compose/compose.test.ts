import { readFile } from 'node:fs/promises'
import { SERVICE_NAMES, SERVICES, EDGES, type Edge } from '@sluice/contracts/network'
import { expect as expectPage } from '@playwright/test'
import { makeTestCa, startGitServer, type GitServer, type TestCa } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../browser/launch-browser.ts'
import { gatewayAt } from '../system/gateway-client.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  startRun,
  waitForRun,
} from '../system/project.ts'
import { startCustomerServer, type CustomerServer } from './customer-database.ts'
import { docker } from './docker.ts'
import { startCompose, type Compose, type Container } from './start-compose.ts'
import { tryConnections } from './try-connections.ts'

const STORES = ['postgres', 'redis']
/** In every image. */
const HEALTH_PORT = 9400
const POD_PORT = 20001

const TABLES =
  '--liquibase formatted sql\n\n--changeset ana:create-customer\ncreate table customer (id bigint primary key);\n\n'
const ORDERS = '--changeset ana:create-order\ncreate table purchase (id bigint primary key);\n\n'

let ca: TestCa
let repository: Awaited<ReturnType<GitServer['createRepository']>>
let compose: Compose
let git: GitServer
let customer: CustomerServer
let containers: Container[]

beforeAll(async () => {
  ca = await makeTestCa()
  compose = await startCompose({ gitCaFile: ca.caFile })
  containers = await compose.containers()
  git = await startGitServer(ca, { address: await compose.hostAddressOn('customer') })
  customer = await startCustomerServer(compose, 'shop-db')
}, 1_800_000)

afterAll(async () => {
  await customer?.stop()
  await git?.dispose()
  await compose?.stop()
  await ca?.dispose()
}, 120_000)

function container(service: string): Container {
  const found = containers.find((one) => one.service === service)
  if (found === undefined) throw new Error(`there is no container "${service}"`)
  return found
}

const insideOf = (service: string, ...command: string[]): Promise<string> =>
  docker('exec', container(service).id, ...command)

/** Every port that something in the container listens on, also where only the container itself reaches it. */
function listenersOf(service: string): number[] {
  if (service === 'postgres') return [5432]
  if (service === 'redis') return [6379]
  const spec = SERVICE_NAMES.find((name) => name === service)
  if (spec === undefined) return [HEALTH_PORT, POD_PORT]
  const { port, publicPort } = SERVICES[spec]
  return [port, ...(publicPort === undefined ? [] : [publicPort]), HEALTH_PORT]
}

/** What the network table lets through between containers, as `<from> → <to>:<port>`. */
function edgesOfTable(): string[] {
  const edges: readonly Edge[] = EDGES
  const names = [...SERVICE_NAMES, 'delegate']
  const between = edges
    .filter(({ from, to }) => names.includes(from) && names.includes(to))
    .map(({ from, to }) => {
      const { port, publicPort } = SERVICES[to as keyof typeof SERVICES]
      return `${from} → ${to}:${from === 'delegate' ? publicPort : port}`
    })
  // The row of the blob store: here log-service keeps the logs, and live lines go to it in any case.
  const logs = `delegate → log-service:${SERVICES['log-service'].publicPort}`
  const stores = SERVICE_NAMES.flatMap((service) => [
    ...(SERVICES[service].schema === undefined ? [] : [`${service} → postgres:5432`]),
    `${service} → redis:6379`,
  ])
  // Both are on each service's network of stores.
  return [...between, logs, ...stores, 'postgres → redis:6379', 'redis → postgres:5432'].toSorted()
}

describe('the network table holds between containers', () => {
  test('of every pair of containers, exactly the edges of the table and the ways to the stores are open', async () => {
    const opened: string[] = []
    for (const from of containers) opened.push(...(await tryConnections(from, containers, listenersOf)))
    expect(containers.map(({ service }) => service).toSorted()).toEqual(
      [...SERVICE_NAMES, 'delegate', ...STORES].toSorted(),
    )
    expect(opened.toSorted()).toEqual(edgesOfTable())
  })

  test('only the gateway is published, and only on this machine', async () => {
    const published = await Promise.all(
      containers.map(async ({ service, id }) => [service, (await docker('port', id)).trim()]),
    )
    expect(published.filter(([, ports]) => ports !== '')).toEqual([
      ['gateway', `8443/tcp -> ${compose.gatewayUrl.replace('https://localhost', '127.0.0.1')}`],
    ])
  })
})

describe('every container', () => {
  const names = [...SERVICE_NAMES, 'delegate', ...STORES]

  test.each(names)('%s runs without root, capabilities or a way to get them', async (service) => {
    const status = await insideOf(service, 'cat', '/proc/1/status')
    expect(status).not.toMatch(/^Uid:\s+0/m)
    expect(status).toMatch(/^Cap(Eff|Prm|Bnd):\s+0{16}$/m)
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status).toMatch(new RegExp(`^${set}:\\s+0{16}$`, 'm'))
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
    expect(await insideOf(service, 'id', '-u')).not.toBe('0\n')
  })

  test.each(names)('%s can change nothing of its image', async (service) => {
    for (const folder of ['/', '/usr/local/bin', '/etc', '/app']) {
      if ((await insideOf(service, 'bash', '-c', `test -d ${folder} && echo there || true`)) === '') continue
      await expect(insideOf(service, 'touch', `${folder}/x`)).rejects.toThrow('Read-only file system')
    }
    expect(await docker('inspect', '--format', '{{.HostConfig.ReadonlyRootfs}}', container(service).id)).toBe('true\n')
  })

  test.each(names)('%s shows no password in its settings', async (service) => {
    const settings = await docker('inspect', container(service).id)
    expect(settings).not.toMatch(/PASSWORD=|:\/\/[^/\s"]+:[^/\s"]+@/)
    expect(settings).not.toContain(compose.password)
  })
})

test('nobody but the one-shot job sees the key of the authority, and a service no key but its own', async () => {
  for (const service of SERVICE_NAMES) {
    const files = await insideOf(service, 'find', '/sluice', '-type', 'f')
    expect(files, service).not.toContain('ca.key')
    expect(files.match(/[^/]+\.key$/gm)?.toSorted(), service).toEqual(
      service === 'gateway' || SERVICES[service].publicPort !== undefined
        ? ['public.key', 'service.key']
        : ['service.key'],
    )
  }
  expect(await insideOf('delegate', 'find', '/sluice/identity', '-type', 'f')).toBe('/sluice/identity/ca.pem\n')
})

test('the main story: connect, ship, and ship again only what is new', { timeout: 240_000 }, async () => {
  const { signIn } = gatewayAt({ gatewayUrl: compose.gatewayUrl, caPem: await readFile(compose.caFile, 'utf8') })
  const client = await signIn({ email: 'admin@localhost', password: compose.password })
  repository = await git.createRepository('shop', {
    'db/changelog.yaml': 'databaseChangeLog:\n  - include: { file: tables.sql, relativeToChangelogFile: true }\n',
    'db/tables.sql': TABLES,
  })
  await connectDatabase(client, 'shop_db', customer.database)
  await connectGit(client, 'shop_git', repository.url, true)
  await createSchema(client, 'shop', 'shop_git', 'db/changelog.yaml')
  await createInstance(client, 'shop', 'production', 'shop_db')
  await createPipeline(
    client,
    pipelineYaml('ship', [{ identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'shop', dbInstance: 'production' }]),
  )
  const ship = async () => {
    const run = await waitForRun(client, await startRun(client, 'ship'))
    expect(run.failures).toEqual([])
    expect(run.status).toBe('Success')
  }

  await ship()
  expect(await customer.sql('select id from databasechangelog order by orderexecuted')).toEqual(['create-customer'])

  await repository.commit({ 'db/tables.sql': `${TABLES}${ORDERS}` })
  await ship()
  expect(await customer.sql('select id from databasechangelog order by orderexecuted')).toEqual([
    'create-customer',
    'create-order',
  ])
})

test(
  'the same in a browser: sign in, run, watch it to its end, and see what is deployed',
  { timeout: 240_000 },
  async () => {
    await repository.commit({
      'db/tables.sql': `${TABLES}${ORDERS}--changeset ana:create-invoice\ncreate table invoice (id int);\n`,
    })
    const { browser, close } = await launchBrowser(compose.caFile)
    try {
      const page = await browser.newPage({ baseURL: compose.gatewayUrl })
      const seen = expectPage.configure({ timeout: 60_000 })
      await page.goto('/orgs/default/projects/default_project/pipelines/ship')
      await page.getByRole('textbox', { name: 'E-mail' }).fill('admin@localhost')
      await page.getByLabel('Password', { exact: true }).fill(compose.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
      await seen(page).toHaveURL(/\/executions\/pex-/)
      await seen(page.getByRole('heading', { level: 1 })).toContainText('Succeeded')
      await seen(page.getByRole('region', { name: 'Log', exact: true })).toContainText('create table invoice')

      await page.goto('/orgs/default/projects/default_project/schemas/shop')
      await seen(page.getByText('create-invoice')).toBeVisible()
    } finally {
      await close()
    }
    expect(await customer.sql('select id from databasechangelog order by orderexecuted')).toEqual([
      'create-customer',
      'create-order',
      'create-invoice',
    ])
  },
)

test('a second "up" changes nothing, shows no password again, and keeps everybody signed in', async () => {
  const ids = containers.map(({ id }) => id).toSorted()
  await compose.compose('up', '--detach', '--no-build')
  expect((await compose.containers()).map(({ id }) => id).toSorted()).toEqual(ids)
  const printed = await compose.compose('logs', 'setup')
  expect(printed.match(/password/g)).toHaveLength(1)
  expect(await insideOf('ng-core', 'ls', '/sluice/identity')).not.toContain('first-password')
  const { signIn } = gatewayAt({ gatewayUrl: compose.gatewayUrl, caPem: await readFile(compose.caFile, 'utf8') })
  await expect(signIn({ email: 'admin@localhost', password: compose.password })).resolves.toBeDefined()
})
