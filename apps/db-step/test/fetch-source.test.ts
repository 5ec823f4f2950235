import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTestCa, startGitServer, type GitRepository, type GitServer, type TestCa } from '@sluice/testing'
import { openCheckout } from '../src/modules/fetch/checkout-files.ts'
import { fetchSource, listRemote } from '../src/modules/fetch/fetch-source.ts'
import { readGitRef } from '../src/modules/fetch/git-ref.ts'

const credentials = { username: 'deploy', password: 'canary-git-token' }
let ca: TestCa
let server: GitServer
let repository: GitRepository & { firstCommit: string }
let workspace: string
let tagged: string

beforeAll(async () => {
  ca = await makeTestCa()
  server = await startGitServer(ca, { credentials })
  repository = await server.createRepository('orders', { 'db/changelog.sql': '-- first' })
  tagged = await repository.commit({ 'db/changelog.sql': '-- second' }, { tag: 'v1' })
  await repository.commit({ 'db/changelog.sql': '-- third' })
  await repository.commit({ 'db/changelog.sql': '-- feature' }, { branch: 'feature/x' })
})
afterAll(async () => {
  await server.dispose()
  await ca.dispose()
  await rm(workspace, { recursive: true, force: true })
})

function options(changes: { caFile?: string; password?: string } = {}) {
  return {
    workspace,
    signal: new AbortController().signal,
    caFile: ca.caFile,
    password: credentials.password,
    ...changes,
  }
}
function source(ref: { branch?: string; tag?: string; commit?: string }, changes: { url?: string } = {}) {
  return { url: repository.url, username: credentials.username, location: 'db/changelog.sql', ...ref, ...changes }
}
async function contentOf(root: string): Promise<string> {
  return readFile(join(root, 'db/changelog.sql'), 'utf8')
}

describe('fetching a changelog from git', () => {
  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'sluice-fetch-'))
  })

  it('brings a branch, a tag and a commit', async () => {
    expect(await contentOf((await fetchSource(source({ branch: 'main' }), options())).root)).toBe('-- third')
    expect(await contentOf((await fetchSource(source({ branch: 'feature/x' }), options())).root)).toBe('-- feature')
    const byTag = await fetchSource(source({ tag: 'v1' }), options())
    expect(byTag.commit).toBe(tagged)
    expect(await contentOf(byTag.root)).toBe('-- second')
    const byCommit = await fetchSource(source({ commit: repository.firstCommit }), options())
    expect(await contentOf(byCommit.root)).toBe('-- first')
  })

  it('takes the pinned commit, not what the branch has become, and fetches it once per pod', async () => {
    const pinned = await fetchSource(source({ branch: 'main', commit: tagged }), options())
    expect(await contentOf(pinned.root)).toBe('-- second')
    const requests = server.requests.length
    expect(await fetchSource(source({ branch: 'main', commit: tagged }), options())).toMatchObject({ isReused: true })
    expect(server.requests).toHaveLength(requests)
  })

  it('names the missing branch, tag or commit and the repository', async () => {
    const missing = [{ branch: 'nope' }, { tag: 'v9' }, { commit: '0'.repeat(39) + '1' }]
    for (const ref of missing) {
      const name = Object.values(ref)[0]
      await expect(fetchSource(source(ref), options())).rejects.toMatchObject({
        code: 'GIT_REF_NOT_FOUND',
        message: expect.stringContaining(`"${name}" does not exist in the repository "${repository.url}"`),
      })
    }
  })

  it('says that the credentials were refused, without telling them', async () => {
    const refused = fetchSource(source({ branch: 'main' }), options({ password: 'canary-wrong' }))
    await expect(refused).rejects.toMatchObject({ code: 'GIT_AUTHENTICATION_FAILED' })
    await expect(refused).rejects.not.toThrow('canary')
    const { password: _password, ...without } = options()
    await expect(fetchSource(source({ branch: 'main' }), without)).rejects.toMatchObject({
      code: 'GIT_AUTHENTICATION_FAILED',
    })
  })

  it('tells an unreachable host, an untrusted certificate and a missing repository apart', async () => {
    const { caFile: _caFile, ...untrusting } = options()
    await expect(fetchSource(source({ branch: 'main' }), untrusting)).rejects.toMatchObject({
      code: 'GIT_UNREACHABLE',
      message: expect.stringContaining('not trusted'),
    })
    const closed = source({ branch: 'main' }, { url: 'https://localhost:1/x.git' })
    await expect(fetchSource(closed, options())).rejects.toMatchObject({
      code: 'GIT_UNREACHABLE',
      message: expect.stringContaining("can't be reached"),
    })
    const missing = source({ branch: 'main' }, { url: `${server.url}/missing.git` })
    await expect(fetchSource(missing, options())).rejects.toMatchObject({ code: 'GIT_FAILED' })
    await expect(listRemote({ ...credentials, url: repository.url }, options())).resolves.toBeUndefined()
  })

  it.each([
    'http://localhost/x.git',
    'file:///etc',
    'ext::sh -c id',
    '/etc',
    'git@host:x.git',
    '--upload-pack=id',
    'https://user:pw@host/x.git',
  ])('refuses the address %s', async (url) => {
    const refused = fetchSource(source({ branch: 'main' }, { url }), options())
    await expect(refused).rejects.toMatchObject({ code: 'URL_REFUSED' })
    await expect(refused).rejects.not.toThrow('pw@')
  })

  it.each(['--upload-pack=id', '-f', 'a..b', 'a b', 'x:y', 'x.lock', '.x', 'a//b', 'x/', '', '@{1}', 'a\nb'])(
    'refuses %j as a branch',
    (branch) => {
      expect(() => readGitRef({ branch })).toThrow('branch')
    },
  )

  it('leaves nothing half-made when it is cancelled', async () => {
    const abort = new AbortController()
    abort.abort()
    const cancelled = fetchSource(source({ branch: 'main' }), { ...options(), signal: abort.signal })
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

describe('the files of a checkout', () => {
  it('are read only from within the repository, also through links', async () => {
    const linked = await server.createRepository(
      'linked',
      { 'db/a.sql': 'select 1', 'db/deep/b.sql': 'select 2' },
      { links: { 'db/ok.sql': 'a.sql', 'db/passwd': '/etc/passwd', 'db/up': '/' } },
    )
    const { root } = await fetchSource({ ...source({ branch: 'main' }), url: linked.url }, options())
    const files = await openCheckout(root)
    expect(Buffer.from((await files.read('db/ok.sql')) ?? []).toString()).toBe('select 1')
    expect(await files.read('db/none.sql')).toBeUndefined()
    expect(await files.list('db/deep')).toEqual(['db/deep/b.sql'])
    expect(await files.list('none')).toBeUndefined()
    for (const path of ['../x', '/etc/passwd', 'db/passwd', 'db/up/etc/passwd', '.git/config', 'db/../../x', 'db\\x']) {
      await expect(files.read(path), path).rejects.toMatchObject({ code: 'CHANGELOG_INVALID' })
    }
    await expect(files.list('db')).rejects.toMatchObject({ code: 'CHANGELOG_INVALID' })
  })
})
