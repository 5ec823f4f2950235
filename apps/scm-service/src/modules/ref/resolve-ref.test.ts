import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { GitReader } from '../git/git-reader.ts'
import { createResolveRef } from './resolve-ref.ts'

const run = promisify(execFile)

test('an annotated tag is the commit that it stands for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tag-'))
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
  }
  const git = async (args: readonly string[]) =>
    (await run('git', [...args], { cwd: folder, env, encoding: 'buffer' })).stdout
  try {
    await git(['init', '--quiet', '--initial-branch=main', '.'])
    await git(['commit', '--quiet', '--allow-empty', '-m', 'One'])
    await git(['tag', '-a', 'v1', '-m', 'First'])
    const commit = (await git(['rev-parse', 'HEAD'])).toString().trim()
    // A folder instead of an HTTPS host: what is tested is how git's answer is read.
    const reader: GitReader = { read: (_url, work) => work(git, folder) }
    const cache = { find: async () => undefined, save: async () => undefined, sweep: async () => 0 }

    const answer = await createResolveRef({ reader, cache })({
      accountId: 'acc-1',
      url: 'https://localhost/a',
      tag: 'v1',
    })

    expect(answer).toMatchObject({ resolved: true, commit })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a run that begins after a push never gets what the host said before it', async () => {
  const reads: string[] = []
  const commits = ['a'.repeat(40), 'b'.repeat(40)]
  const reader: GitReader = {
    read: (_url, work) =>
      work(async () => {
        const commit = commits[reads.length] ?? ''
        reads.push(commit)
        return Buffer.from(`${commit}\trefs/heads/main\n`)
      }, 'https://localhost/a'),
  }
  let saved: { commit: string; readAt: Date } | undefined
  const resolve = createResolveRef({
    reader,
    cache: {
      find: async (_key, since) => (saved !== undefined && saved.readAt >= since ? saved : undefined),
      save: async (_key, found) => {
        saved = found
      },
      sweep: async () => 0,
    },
  })
  const question = { accountId: 'acc-1', url: 'https://localhost/a', branch: 'main' }

  const first = await resolve({ ...question, readSince: Date.now() })
  const again = await resolve({ ...question, readSince: saved?.readAt.getTime() })
  const later = await resolve({ ...question, readSince: (saved?.readAt.getTime() ?? 0) + 1 })

  expect(first).toMatchObject({ commit: commits[0] })
  expect(again).toMatchObject({ commit: commits[0] })
  expect(later).toMatchObject({ commit: commits[1] })
  expect(reads).toHaveLength(2)
})
