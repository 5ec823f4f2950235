import { AppError } from '@sluice/contracts/errors'
import type { OnBehalfOf } from '@sluice/contracts/access'
import type { ServiceName } from '@sluice/contracts/network'
import { listBranches, listRepositoryFiles, readRepositoryFile, resolveRef } from '@sluice/contracts/scm'
import { createPool } from '@sluice/database'
import { prepareServices } from '@sluice/database/bootstrap'
import {
  createIdentity,
  createLogger,
  createServiceClient,
  INTERNAL_AUDIENCE,
  signAsService,
  TOKEN_HEADER,
  type ServiceClient,
  type ServiceIdentity,
} from '@sluice/service-kit'
import {
  cloneDatabase,
  makeTestCa,
  startGitServer,
  type ClonedDatabase,
  type GitServer,
  type TestCa,
} from '@sluice/testing'
import type { Pool } from 'pg'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ScmServiceConfig } from '../src/config.ts'
import { startScmService, type RunningScmService } from '../src/service.ts'

const PRINCIPAL = { type: 'USER', id: 'usr-1', name: 'Una' } as const
const una: OnBehalfOf = { accountId: 'acc-1', principal: PRINCIPAL }

let ca: TestCa
let git: GitServer
let locked: GitServer
let database: ClonedDatabase
let superuser: Pool
let config: ScmServiceConfig
let service: RunningScmService
let client: ServiceClient
const identities = new Map<ServiceName, ServiceIdentity>()

beforeAll(async () => {
  ca = await makeTestCa()
  git = await startGitServer(ca)
  locked = await startGitServer(ca, { credentials: { username: 'u', password: 'p' } })
  database = await cloneDatabase(prepareServices(['scm-service']))
  superuser = createPool({ url: database.superuserUrl, applicationName: 'fixture', max: 2 })
  await superuser.query(`
    create table ng.access_bindings (account_id text, principal_type text, principal_id text, role text,
      org_identifier text, project_identifier text);
    grant usage on schema ng to sluice_scm_service;
    grant select on ng.access_bindings to sluice_scm_service;
    insert into ng.access_bindings values
      ('acc-1', 'USER', 'usr-1', 'editor', null, null), ('acc-2', 'USER', 'usr-1', 'editor', null, null)`)
  config = {
    service: 'scm-service',
    http: { host: '127.0.0.1', port: 0 },
    health: { host: '127.0.0.1', port: 0 },
    tls: { ...(await ca.serviceCertificate('scm-service')), caFile: ca.caFile },
    destinations: {},
    databaseUrl: database.url('scm-service'),
    logLevel: 'silent',
    allowedHosts: ['localhost'],
    gitCaFile: ca.caFile,
  }
  service = await startScmService(config)
  client = await clientOf(service)
})

afterAll(async () => {
  await client.close()
  await service.close()
  for (const identity of identities.values()) identity.close()
  await superuser.end()
  await Promise.all([git.dispose(), locked.dispose(), database.drop()])
  await ca.dispose()
})

async function identityOf(name: ServiceName): Promise<ServiceIdentity> {
  const identity = identities.get(name) ?? createIdentity({ ...(await ca.serviceCertificate(name)), caFile: ca.caFile })
  identities.set(name, identity)
  return identity
}

/** NG Manager, as it calls. */
async function clientOf(target: RunningScmService): Promise<ServiceClient> {
  return createServiceClient({
    config: { service: 'ng-manager', destinations: { 'scm-service': target.internalUrl } },
    identity: await identityOf('ng-manager'),
    logger: createLogger({ service: 'ng-manager', logLevel: 'silent' }),
  })
}

const resolve = (body: { url: string; branch?: string; tag?: string }, onBehalfOf = una) =>
  client.call(resolveRef, { body }, { onBehalfOf })
const codeOf = async (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
let count = 0
const newRepository = async (server = git) => {
  count += 1
  return server.createRepository(`repo-${count}`, { 'db/changelog.sql': '--liquibase formatted sql\n' })
}

describe('resolve', () => {
  test('a branch is its last commit', async () => {
    const repository = await newRepository()
    const commit = await repository.commit({ a: '1' }, { branch: 'release/1.2' })

    expect(await resolve({ url: repository.url, branch: 'main' })).toMatchObject({
      resolved: true,
      commit: repository.firstCommit,
    })
    expect(await resolve({ url: repository.url, branch: 'release/1.2' })).toMatchObject({ resolved: true, commit })
  })

  test('a tag is the commit it stands for, and never a branch of the same name', async () => {
    const repository = await newRepository()
    const branch = await repository.commit({ a: '2' }, { branch: 'v1' })
    const tagged = await repository.commit({ a: '1' }, { branch: 'main', tag: 'v1' })

    expect(await resolve({ url: repository.url, tag: 'v1' })).toMatchObject({ commit: tagged })
    expect(await resolve({ url: repository.url, branch: 'v1' })).toMatchObject({ commit: branch })
  })

  test('a ref or repository that is not there is named', async () => {
    const repository = await newRepository()

    const missing = resolve({ url: repository.url, branch: 'feature/none' })
    await expect(missing).rejects.toMatchObject({ code: 'GIT_REF_NOT_FOUND' })
    await expect(missing).rejects.toThrow('"feature/none"')
    // A branch whose name only ends alike is another one.
    await repository.commit({ a: '1' }, { branch: 'x/refs/heads/tail' })
    expect(await codeOf(resolve({ url: repository.url, branch: 'tail' }))).toBe('GIT_REF_NOT_FOUND')
    expect(await codeOf(resolve({ url: `${git.url}/none.git`, branch: 'main' }))).toBe('GIT_FAILED')
  })

  test('a host that asks for a password is left to the pod', async () => {
    const repository = { url: `${locked.url}/private.git` }

    expect(await resolve({ url: repository.url, branch: 'main' })).toMatchObject({
      resolved: false,
      reason: 'CREDENTIALS_REQUIRED',
    })
  })

  test('a host that does not answer or is not known is left to the pod', async () => {
    const gone = await startGitServer(ca)
    await gone.dispose()

    for (const url of [`${gone.url}/a.git`, 'https://no-such-host.invalid/a.git']) {
      expect(await resolve({ url, branch: 'main' })).toMatchObject({ resolved: false, reason: 'UNREACHABLE' })
    }
  })

  test('a certificate of somebody unknown is not trusted', async () => {
    const otherCa = await makeTestCa()
    const impostor = await startGitServer(otherCa)
    try {
      const answer = await resolve({ url: `${impostor.url}/a.git`, branch: 'main' })

      expect(answer).toMatchObject({ resolved: false, reason: 'UNREACHABLE' })
      expect(JSON.stringify(answer)).toContain('certificate')
    } finally {
      await impostor.dispose()
      await otherCa.dispose()
    }
  })

  test('equal questions within a moment ask the host once, per account', async () => {
    const repository = await newRepository()
    const path = `GET /repo-${count}.git/info/refs?service=git-upload-pack`
    const asked = () => git.requests.filter((line) => line === path).length
    const before = asked()

    await Promise.all([1, 2, 3].map(() => resolve({ url: repository.url, branch: 'main' })))
    await resolve({ url: repository.url, branch: 'main' })
    expect(asked() - before).toBe(1)

    await resolve({ url: repository.url, branch: 'main' }, { ...una, accountId: 'acc-2' })
    expect(asked() - before).toBe(2)
    const { rows } = await superuser.query(
      'select distinct account_id from scm.ref_cache where commit = $1 order by 1',
      [repository.firstCommit],
    )
    expect(rows).toEqual([{ account_id: 'acc-1' }, { account_id: 'acc-2' }])
  })

  test('an old answer is asked for again', async () => {
    const repository = await newRepository()
    await resolve({ url: repository.url, branch: 'main' })
    const commit = await repository.commit({ a: '1' })
    await superuser.query(`update scm.ref_cache set read_at = now() - interval '31 s' where commit = $1`, [
      repository.firstCommit,
    ])

    expect(await resolve({ url: repository.url, branch: 'main' })).toMatchObject({ commit })
  })
})

describe('hostile input', () => {
  test.each([
    '--upload-pack=touch /tmp/x',
    '-o',
    'a b',
    'a..b',
    'a~1',
    'a^',
    'a:b',
    'a*',
    '/a',
    'a/',
    'a.lock',
    '@{u}',
    'a\nb',
    '',
  ])('the ref %j is refused before git sees it', async (name) => {
    const before = git.requests.length

    expect(await codeOf(resolve({ url: `${git.url}/repo-1.git`, branch: name }))).toBe('INVALID_REQUEST')
    expect(await codeOf(resolve({ url: `${git.url}/repo-1.git`, tag: name }))).toBe('INVALID_REQUEST')
    expect(git.requests.length).toBe(before)
  })

  test.each([
    ['http://localhost/a.git', 'INVALID_REQUEST'],
    ['file:///etc', 'INVALID_REQUEST'],
    ['ext::sh -c id', 'INVALID_REQUEST'],
    ['ssh://git@localhost/a.git', 'INVALID_REQUEST'],
    ['--upload-pack=id', 'INVALID_REQUEST'],
    ['https://user:secret@localhost/a.git', 'URL_REFUSED'],
    ['https://localhost/', 'URL_REFUSED'],
    ['https://localhost/a.git?service=x', 'URL_REFUSED'],
  ])('the address %s is refused', async (url, code) => {
    expect(await codeOf(resolve({ url, branch: 'main' }))).toBe(code)
  })

  test('private, link-local and loopback addresses are not called, however they are written', async () => {
    for (const host of [
      '127.0.0.1',
      '169.254.169.254',
      '10.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f.1',
      '2130706433',
      '0',
    ]) {
      expect(await resolve({ url: `https://${host}/a.git`, branch: 'main' })).toMatchObject({
        resolved: false,
        reason: 'HOST_REFUSED',
      })
    }
  })

  test('a host is allowed by name only where the operator lists it', async () => {
    const strict = await startScmService({ ...config, allowedHosts: [] })
    const strictClient = await clientOf(strict)
    try {
      const repository = await newRepository()
      const before = git.requests.length
      const call = strictClient.call(resolveRef, { body: { url: repository.url, branch: 'main' } }, { onBehalfOf: una })

      expect(await call).toMatchObject({ resolved: false, reason: 'HOST_REFUSED' })
      expect(git.requests.length).toBe(before)
    } finally {
      await strictClient.close()
      await strict.close()
    }
  })
})

describe('branches and files', () => {
  test('branches are listed by name, in pages, with the default', async () => {
    const repository = await newRepository()
    for (const branch of ['feature/b', 'feature/a', 'fix']) await repository.commit({ a: branch }, { branch })
    const list = (input: object) =>
      client.call(listBranches, { body: { url: repository.url, ...input } }, { onBehalfOf: una })
    const names = (answer: Awaited<ReturnType<typeof list>>) =>
      answer.resolved ? answer.branches.map(({ name }) => name) : []

    const all = await list({})
    expect(all).toMatchObject({ resolved: true, defaultBranch: 'main', total: 4 })
    expect(names(all)).toEqual(['feature/a', 'feature/b', 'fix', 'main'])
    expect(names(await list({ searchTerm: 'FEAT', size: 1, page: 1 }))).toEqual(['feature/b'])
    expect(await codeOf(client.call(listBranches, { body: { url: `${git.url}/none.git` } }, { onBehalfOf: una }))).toBe(
      'REFERENCE_NOT_FOUND',
    )
  })

  test('a folder is listed with everything below it that could be a changelog', async () => {
    const repository = await newRepository()
    const commit = await repository.commit(
      { 'sql/changelog.yaml': 'x', 'sql/v1/ü.sql': 'x', 'sql/notes.txt': 'x', 'app.json': '{}' },
      { links: { 'sql/link.sql': '/etc/passwd' } },
    )
    const list = (path?: string, branch = 'main') =>
      client.call(listRepositoryFiles, { body: { url: repository.url, branch, path } }, { onBehalfOf: una })

    expect(await list('sql/')).toEqual({
      resolved: true,
      path: 'sql',
      commit,
      entries: [
        { name: 'changelog.yaml', path: 'sql/changelog.yaml', type: 'file' },
        { name: 'notes.txt', path: 'sql/notes.txt', type: 'file' },
        { name: 'v1', path: 'sql/v1', type: 'folder' },
      ],
      truncated: false,
      paths: ['sql/changelog.yaml', 'sql/link.sql', 'sql/v1/ü.sql'],
    })
    expect(await list()).toMatchObject({ path: '', paths: expect.arrayContaining(['app.json']) })
    expect(await codeOf(list('nope'))).toBe('REFERENCE_NOT_FOUND')
    expect(await codeOf(list('sql', 'none'))).toBe('GIT_REF_NOT_FOUND')
  })

  test('a text file is read at a branch; what is none is refused by name', async () => {
    const repository = await newRepository()
    const commit = await repository.commit(
      { 'db/ü [1].sql': 'select 1;\n', large: 'x'.repeat(1_100_000), binary: 'a\0b' },
      { links: { link: '/etc/passwd' } },
    )
    const read = (path: string, branch = 'main') =>
      client.call(readRepositoryFile, { body: { url: repository.url, branch, path } }, { onBehalfOf: una })

    expect(await read('db/ü [1].sql')).toMatchObject({ resolved: true, commit, content: 'select 1;\n' })
    expect(await codeOf(read('db/none.sql'))).toBe('REFERENCE_NOT_FOUND')
    expect(await codeOf(read('db'))).toBe('REFERENCE_NOT_FOUND')
    expect(await codeOf(read('link'))).toBe('REFERENCE_NOT_FOUND')
    expect(await codeOf(read('binary'))).toBe('INVALID_REQUEST')
    expect(await codeOf(read('large'))).toBe('BODY_TOO_LARGE')
    expect(await codeOf(read('../x'))).toBe('INVALID_REQUEST')
    expect(await codeOf(read('db', 'none'))).toBe('GIT_REF_NOT_FOUND')
  })
})

describe('who may call', () => {
  const post = async (peer: ServiceName, headers: Record<string, string>) => {
    const { cert, key, ca: authority } = (await identityOf(peer)).credentials()
    const dispatcher = new Agent({ connect: { cert, key, ca: authority } })
    try {
      const answer = await request(`${service.internalUrl}${resolveRef.path}`, {
        method: 'POST',
        dispatcher,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ url: `${git.url}/repo-1.git`, branch: 'main' }),
      })
      await answer.body.dump()
      return answer.statusCode
    } finally {
      await dispatcher.destroy()
    }
  }

  test('NG Manager on behalf of somebody active, and nobody else', async () => {
    const header = { 'on-behalf-of': JSON.stringify(una) }
    expect(await post('ng-manager', header)).toBe(200)
    expect(await post('gateway', header)).toBe(403)
    expect(await post('pipeline-service', header)).toBe(403)
    expect(await post('ng-manager', {})).toBe(401)
    const gone = { ...una, principal: { ...PRINCIPAL, id: 'usr-gone' } }
    expect(await post('ng-manager', { 'on-behalf-of': JSON.stringify(gone) })).toBe(403)
  })

  test("a person's own request, passed through, is refused", async () => {
    const token = await signAsService(await identityOf('ng-core'), {
      audience: INTERNAL_AUDIENCE,
      expiresInS: 60,
      claims: { ...una, groups: [], accessVersion: 1, featureFlags: [] },
    })

    expect(await post('ng-manager', { [TOKEN_HEADER]: token })).toBe(403)
  })
})

test('health tells when the service is ready', async () => {
  const answer = await request(`${service.healthUrl}/readyz`)

  expect(await answer.body.json()).toMatchObject({ ready: true, checks: { postgres: 'ok' } })
})
