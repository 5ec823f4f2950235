import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import { openLocalBlobStore } from './local-blob-store.ts'

let root: string
let blobs: BlobStore
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-blobs-'))
  blobs = await openLocalBlobStore(join(root, 'blobs'))
})
afterEach(() => rm(root, { recursive: true }))

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

async function* breaking(): AsyncGenerator<Buffer> {
  yield Buffer.from('half')
  throw new Error('the line went dead')
}

describe('local blob store', () => {
  test('what was written is read in ranges', async () => {
    await blobs.write('acc-1/a.gz', pieces('hello ', 'world'))

    expect((await blobs.read('acc-1/a.gz', 4, 4)).toString()).toBe('o wo')
    await expect(blobs.read('acc-1/a.gz', 8, 10)).rejects.toThrow('ends at 11')
  })

  test('a write that breaks off leaves nothing', async () => {
    await expect(blobs.write('acc-1/a.gz', breaking())).rejects.toThrow('the line went dead')

    expect(await readdir(join(root, 'blobs', 'acc-1'))).toEqual([])
  })

  test.each(['../a', 'acc-1/../../a', 'acc-1/..', '/etc/passwd', 'a', 'acc-1/a/b', 'acc-1/.a', 'acc-1/a\0', ''])(
    'the name "%s" never leaves the folder',
    async (name) => {
      await expect(blobs.write(name, pieces('x'))).rejects.toThrow('no blob name')
      expect(() => blobs.stream(name)).toThrow('no blob name')
      expect(await readdir(root)).toEqual(['blobs'])
    },
  )

  test('only old leftovers of interrupted writes are swept away', async () => {
    await blobs.write('acc-1/a.gz', pieces('kept'))
    const [old, fresh] = ['b.gz.1.partial', 'c.gz.2.partial'].map((name) => join(root, 'blobs', 'acc-1', name))
    await Promise.all([writeFile(old ?? '', 'x'), writeFile(fresh ?? '', 'x')])
    await utimes(old ?? '', new Date(0), new Date(0))

    await blobs.sweep(60_000)

    expect((await readdir(join(root, 'blobs', 'acc-1'))).toSorted()).toEqual(['a.gz', 'c.gz.2.partial'])
  })
})
