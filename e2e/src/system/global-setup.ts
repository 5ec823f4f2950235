import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serviceUri, SERVICE_NAMES, SERVICES, type ServiceName } from '@sluice/contracts/network'
import { startStack, type Stack } from '@sluice/devstack/stack'
import { freePort, startPostgres } from '@sluice/local-servers'
import { makeTestCa, startGitServer, type GitRepository, type GitServer } from '@sluice/testing'
import { Question, type SystemInfo } from './system-info.ts'

const run = promisify(execFile)

/** A second account whose identifiers are the same as the first one's. */
async function createSecondAccount(stack: Stack, folder: string): Promise<{ email: string; password: string }> {
  const password = 'a second first password'
  const passwordFile = join(folder, 'second-password')
  await writeFile(passwordFile, password)
  const main = new URL('../../../apps/ng-core/src/main.ts', import.meta.url).pathname
  const args = [
    'create-account',
    '--name',
    'Second',
    '--email',
    'admin@second.example',
    '--password-file',
    passwordFile,
  ]
  await run(process.execPath, [main, ...args], {
    env: { ...process.env, SLUICE_DATABASE_URL: stack.databaseUrl('ng-core') },
    timeout: 60_000,
  })
  return { email: 'admin@second.example', password }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return JSON.parse(text)
}

/** What only the process that started the system can do, for the test files: ending and starting processes, git commits. */
function answerQuestions(stack: Stack, git: GitServer): Server {
  const repositories = new Map<string, GitRepository>()
  const answer = async (question: Question): Promise<unknown> => {
    switch (question.type) {
      case 'kill':
        await stack.kill(question.process)
        return {}
      case 'restart':
        await stack.restart(question.process)
        return {}
      case 'createRepository': {
        const repository = await git.createRepository(question.name, question.files)
        repositories.set(question.name, repository)
        return { url: repository.url, commit: repository.firstCommit }
      }
      case 'commit': {
        const repository = repositories.get(question.name)
        if (repository === undefined) throw new Error(`no repository "${question.name}"`)
        return {
          url: repository.url,
          commit: await repository.commit(question.files, { branch: question.branch, tag: question.tag }),
        }
      }
    }
  }
  return createServer((request, response) => {
    readBody(request)
      .then((body) => answer(Question.parse(body)))
      .then(
        (result) => response.end(JSON.stringify(result)),
        (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
      )
  })
}

/** Starts the whole system once, beside a customer's own Postgres and git host, and a second account in it. */
export async function setup(project: { provide(key: 'system', value: string): void }): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-e2e-'))
  await chmod(folder, 0o711)
  const ca = await makeTestCa()
  const git = await startGitServer(ca)
  const customer = await startPostgres({
    folder: join(folder, 'customer'),
    port: await freePort(),
    password: 'customer superuser',
    logFile: join(folder, 'customer.log'),
    settings: { max_connections: '200', fsync: 'off', log_statement: 'all' },
  })
  const traceFile = join(folder, 'trace.ndjson')
  await writeFile(traceFile, '')
  const stack = await startStack({
    dataDir: join(folder, 'sluice'),
    port: 'any',
    demo: true,
    ui: true,
    gitAuthorities: [ca.caFile],
    environment: { SLUICE_TRACE_FILE: traceFile },
    onProgress: (sentence) => process.env['SLUICE_E2E_VERBOSE'] === undefined || process.stderr.write(`${sentence}\n`),
  })
  const { demo } = stack
  if (demo === undefined) throw new Error('The demo could not be made; SLUICE_E2E_VERBOSE=1 tells why.')
  // Its first run ends before any test counts processes, sessions or traces.
  const [second] = await Promise.all([createSecondAccount(stack, folder), demo.settled])
  const control = answerQuestions(stack, git)
  const controlSocket = join(folder, 'control.sock')
  await new Promise<void>((resolve) => {
    control.listen(controlSocket, resolve)
  })

  const of = <Value>(read: (service: ServiceName) => Value): Record<string, Value> =>
    Object.fromEntries(SERVICE_NAMES.map((service) => [service, read(service)]))
  const owners = SERVICE_NAMES.filter((service) => service !== 'gateway')
  const info: SystemInfo = {
    gatewayUrl: stack.gatewayUrl,
    caPem: await readFile(stack.caFile, 'utf8'),
    caFile: stack.caFile,
    first: { email: 'admin@localhost', password: stack.password ?? '' },
    second,
    customerUrl: customer.url,
    customerLog: join(folder, 'customer.log'),
    traceFile,
    controlSocket,
    postgresUrl: stack.postgresUrl,
    databaseUrls: Object.fromEntries(owners.map((service) => [service, stack.databaseUrl(service)])),
    redisUrls: of((service) => stack.redisUrl(service)),
    redisAdminUrl: stack.redisUrl('admin'),
    serviceUrls: of((service) => stack.url(service)),
    publicUrls: Object.fromEntries(
      SERVICE_NAMES.filter((service) => SERVICES[service].publicPort !== undefined).map((service) => [
        service,
        stack.url(`${service} public`),
      ]),
    ),
    healthUrls: { ...of((service) => stack.healthUrl(service)), delegate: stack.healthUrl('delegate') },
    serviceUris: of(serviceUri),
    certificates: join(stack.layout.certificates),
    logs: stack.layout.logs,
    dataDir: stack.layout.root,
    demo: { clone: demo.clone, gitUrl: demo.gitUrl, databaseUrls: demo.databaseUrls },
  }
  project.provide('system', JSON.stringify(info))

  return async () => {
    control.close()
    await stack.stop()
    await customer.stop()
    await git.dispose()
    await ca.dispose()
    await rm(folder, { recursive: true, force: true })
  }
}
