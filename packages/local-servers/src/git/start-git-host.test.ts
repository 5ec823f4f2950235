import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAuthority } from '@sluice/certificates'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../ports/free-port.ts'
import { startGitHost, type GitHost } from './start-git-host.ts'

const run = promisify(execFile)
const TOKEN = 'a token'

let folder: string
let caPem: string
let host: GitHost
let origin: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-git-host-'))
  const authority = await createAuthority('Test', 1)
  caPem = authority.certificate
  await writeFile(join(folder, 'ca.pem'), caPem)
  const bare = join(folder, 'data', 'shop.git')
  await git('init', '--quiet', '--bare', '--initial-branch=main', bare)
  // A neighbour that nobody may reach.
  await git('init', '--quiet', '--bare', '--initial-branch=main', join(folder, 'data', 'other.git'))
  const port = await freePort()
  host = await startGitHost({
    folder: bare,
    name: 'shop.git',
    port,
    certificate: await authority.issue({ commonName: 'localhost', dns: ['localhost'], days: 1 }),
    pushToken: TOKEN,
  })
  origin = new URL(host.url).origin
})
afterAll(async () => {
  await host.stop()
  await rm(folder, { recursive: true, force: true })
})

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSL_CAINFO: join(folder, 'ca.pem'),
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
    },
  })
  return stdout.trim()
}

const header = (token: string) => `http.extraHeader=Authorization: Basic ${btoa(`anybody:${token}`)}`

async function commitIn(clone: string, name: string): Promise<void> {
  await writeFile(join(clone, name), name)
  await git('-C', clone, 'add', '--all')
  await git('-C', clone, 'commit', '--quiet', '-m', name)
}

/** Sends the path as it is written: nothing between here and the server may tidy it up. */
function status(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const request = httpsRequest({ hostname, port, path, method, headers, ca: caPem, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
    request.end()
  })
}

test('who holds the token pushes, and everybody reads what was pushed', async () => {
  const clone = join(folder, 'clone')
  await git('clone', '--quiet', host.url, clone)
  await commitIn(clone, 'one.sql')
  await git('-C', clone, '-c', header(TOKEN), 'push', '--quiet', 'origin', 'HEAD:main')
  const reader = join(folder, 'reader')
  await git('clone', '--quiet', '--branch', 'main', '--depth', '1', host.url, reader)
  expect(await readdir(reader)).toContain('one.sql')
})

test('a push without the token, or with another, is refused and changes nothing', async () => {
  const clone = join(folder, 'stranger')
  await git('clone', '--quiet', host.url, clone)
  await commitIn(clone, 'two.sql')
  const before = await git('ls-remote', host.url)
  await expect(git('-C', clone, 'push', 'origin', 'HEAD:other')).rejects.toThrow(/terminal prompts disabled|401/)
  await expect(git('-C', clone, '-c', header('wrong'), 'push', 'origin', 'HEAD:other')).rejects.toThrow()
  expect(await git('ls-remote', host.url)).toBe(before)
})

describe('an address that is not one of the four of git’s protocol is not found', () => {
  const addresses: [string, string][] = [
    ['GET', '/'],
    ['GET', '/shop.git/HEAD'],
    ['GET', '/shop.git/config'],
    ['GET', '/shop.git/info/refs'],
    ['GET', '/shop.git/info/refs?service=git-upload-archive'],
    ['GET', '/shop.git/info/refs?service=--upload-pack=touch'],
    ['GET', '/shop.git/../other.git/info/refs?service=git-upload-pack'],
    ['GET', '/shop.git/%2e%2e/other.git/info/refs?service=git-upload-pack'],
    ['GET', '//shop.git/info/refs?service=git-upload-pack'],
    ['GET', '/other.git/info/refs?service=git-upload-pack'],
    ['GET', '/-shop.git/info/refs?service=git-upload-pack'],
    ['POST', '/shop.git/git-upload-archive'],
    ['POST', '/shop.git/objects/info/packs'],
    ['PUT', '/shop.git/git-receive-pack'],
  ]
  test.each(addresses)('%s %s', async (method, path) => {
    expect(await status(method, path)).toBe(404)
  })
})

test('a name that looks like an option, in place of a header that git is told of, reaches nobody', async () => {
  expect(
    await status('GET', '/shop.git/info/refs?service=git-upload-pack', {
      'git-protocol': '--upload-pack=touch',
      'content-type': '$(touch)',
    }),
  ).toBe(200)
})
