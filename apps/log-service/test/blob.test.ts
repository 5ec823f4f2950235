import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeAbandonedLogs, storeForgottenLogs } from '../src/workers/finish-logs.ts'
import { createDeps, type LogServiceDeps } from '../src/deps.ts'
import { counting, lines, ndjson, startFixture, type Fixture } from './log-service-fixture.ts'

let fixture: Fixture
let deps: LogServiceDeps
beforeAll(async () => {
  fixture = await startFixture({ uploadGraceMs: -60_000 })
  deps = await createDeps(fixture.config)
})
afterAll(async () => {
  await deps.close()
  await fixture.stop()
})

async function finished(count: number, text?: (seq: number) => string): Promise<{ key: string; all: Buffer }> {
  const key = fixture.newKey()
  for (let from = 1; from <= count; from += 5_000) {
    await fixture.append(key, lines(from, Math.min(from + 4_999, count), text))
  }
  await fixture.close(key, count)
  return { key, all: ndjson(lines(1, count, text)) }
}

async function upload(key: string, body: Buffer) {
  const { link } = (await fixture.uploadLink(key)).json()
  return fixture.put(link, body)
}

const chunksOf = async (key: string) =>
  Number((await fixture.superuser.query('select count(*) from log.chunk where key = $1', [key])).rows[0].count)
const blobFiles = async () => readdir(join(fixture.dataDir, 'blobs', 'acc-1')).catch(() => [])

describe('upload', () => {
  test('a whole log takes over from its batches and reads the same', async () => {
    const { key, all } = await finished(20)
    const before = await fixture.get(`/log-service/blob?key=${key}`)

    const answer = await upload(key, gzipSync(all))

    expect(answer.json()).toEqual({ ackedSeq: 20 })
    expect(await chunksOf(key)).toBe(0)
    const after = await fixture.get(`/log-service/blob?key=${key}`)
    expect(after.bytes).toEqual(all)
    expect(before.bytes).toEqual(all)
    const tail = await fixture.follow(key, { afterSeq: 5 })
    await tail.finished
    expect(tail.seqs).toEqual(counting(6, 20))
  })

  test.each([
    ['lacks its last line', ndjson(lines(1, 9))],
    ['lacks a line in the middle', ndjson([...lines(1, 4), ...lines(6, 10)])],
    ['has a line twice', ndjson([...lines(1, 4), ...lines(4, 10)])],
    ['is no log', Buffer.from('hello\n')],
    ['is empty', Buffer.alloc(0)],
  ])('an upload that %s is refused, and the batches stay', async (_name, body) => {
    const { key, all } = await finished(10)
    const files = await blobFiles()

    const answer = await upload(key, gzipSync(body))

    expect(answer.status).toBe(400)
    expect(answer.json().code).toBe('INVALID_REQUEST')
    expect(await chunksOf(key)).toBeGreaterThan(0)
    expect((await fixture.get(`/log-service/blob?key=${key}`)).bytes).toEqual(all)
    expect(await blobFiles()).toEqual(files)
  })

  test('a cut-off upload and one that is not gzip are refused by name', async () => {
    const { key, all } = await finished(10)
    const packed = gzipSync(all)

    for (const body of [packed.subarray(0, packed.length - 20), all]) {
      const answer = await upload(key, body)
      expect(answer.status).toBe(400)
      expect(answer.json().message).toContain('gzip')
    }
    expect(await chunksOf(key)).toBeGreaterThan(0)
  })

  test('a bomb is refused at the size of the log', async () => {
    const { key } = await finished(10)

    const answer = await upload(key, gzipSync(Buffer.alloc(64 * 1024 * 1024, 10)))

    expect(answer.status).toBe(413)
    expect(await chunksOf(key)).toBeGreaterThan(0)
  })

  test('the same upload twice, also at once, stores one blob', async () => {
    const { key, all } = await finished(50)
    const files = await blobFiles()
    const { link } = (await fixture.uploadLink(key)).json()

    const answers = await Promise.all([1, 2, 3].map(() => fixture.put(link, gzipSync(all))))
    const again = await fixture.put(link, gzipSync(all))

    expect([...answers, again].map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await blobFiles()).length).toBe(files.length + 1)
    expect((await fixture.get(`/log-service/blob?key=${key}`)).bytes).toEqual(all)
  })

  test('there is no link for an open log or one that is not there', async () => {
    const key = fixture.newKey()
    expect((await fixture.uploadLink(key)).json().code).toBe('ENTITY_NOT_FOUND')
    await fixture.append(key, lines(1, 2))

    expect((await fixture.uploadLink(key)).json().code).toBe('INVALID_STATE')
  })

  test('a link is for one log, for uploads only, and can not be made up', async () => {
    const { key } = await finished(10)
    const download = (await fixture.get(`/log-service/blob/link/download?key=${key}`, { method: 'POST' })).json().link
    const token = new URL(download, 'https://x').searchParams.get('token') ?? ''
    const logToken = await fixture.logToken({ accountId: 'acc-1', key, maxBytes: 1e6 })

    for (const wrong of [token, logToken, 'nonsense']) {
      const answer = await fixture.put(`/log-service/blob/upload?token=${wrong}`, gzipSync(ndjson(lines(1, 10))))
      expect(answer.status).toBe(403)
      expect(answer.json().code).toBe('LINK_INVALID')
    }
  })
})

describe('reading a part', () => {
  test.each(['chunks', 'blob'])('ranges of a big log are exact, from its %s', async (where) => {
    const { key, all } = await finished(30_000, (seq) => `line ${seq} ${'ü'.repeat(seq % 90)}`)
    if (where === 'blob') expect((await upload(key, gzipSync(all))).status).toBe(200)
    const path = `/log-service/blob?key=${key}`
    const bytes = async (range: string) => fixture.get(path, { headers: { range } })

    const middle = await bytes('bytes=1000000-1300000')
    expect(middle.status).toBe(206)
    expect(middle.headers['content-range']).toBe(`bytes 1000000-1300000/${all.length}`)
    expect(middle.bytes.equals(all.subarray(1_000_000, 1_300_001))).toBe(true)
    expect((await bytes('bytes=0-0')).bytes).toEqual(all.subarray(0, 1))
    expect((await bytes('bytes=-100')).bytes).toEqual(all.subarray(-100))
    expect((await bytes(`bytes=${all.length - 5}-`)).bytes).toEqual(all.subarray(-5))
    const beyond = await bytes(`bytes=${all.length}-`)
    expect([beyond.status, beyond.json().details]).toEqual([416, { total: all.length }])

    const part = await fixture.get(`${path}&lines=19999-20001`)
    expect(part.headers['x-log-lines']).toBe('19999-20001/30000')
    expect(
      part.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([19_999, 20_000, 20_001])
    expect((await fixture.get(`${path}&lines=29999-99999`)).text.trim().split('\n')).toHaveLength(2)
    expect((await fixture.get(`${path}&lines=30001-30002`)).status).toBe(416)
    expect((await fixture.get(path)).bytes.equals(all)).toBe(true)
  })
})

describe('download', () => {
  test.each(['chunks', 'blob'])('a signed link gives the whole log as a gzip file, from its %s', async (where) => {
    const { key, all } = await finished(6_000)
    if (where === 'blob') await upload(key, gzipSync(all))
    const { link } = (await fixture.get(`/log-service/blob/link/download?key=${key}`, { method: 'POST' })).json()
    expect(link).toMatch(/^\/gateway\/log-service\/blob\/download\?token=/)

    const file = await fixture.get(link.replace('/gateway', ''), { headers: { 'x-sluice-token': '' } })

    expect(file.headers['content-disposition']).toContain('.ndjson.gz')
    expect(gunzipSync(file.bytes).equals(all)).toBe(true)
  })
})

describe('logs that nobody finished', () => {
  test('a closed log that was not uploaded in time is stored by the service', async () => {
    const { key, all } = await finished(12_000)
    const empty = await finished(0).then(async ({ key: none }) => none)

    await storeForgottenLogs(deps, new AbortController().signal)

    expect(await chunksOf(key)).toBe(0)
    expect((await fixture.get(`/log-service/blob?key=${key}`)).bytes.equals(all)).toBe(true)
    expect((await fixture.get(`/log-service/blob?key=${empty}`)).text).toBe('')
  })

  test('a log whose writer can not come back is closed, and its reader gets the end', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 3))
    const tail = await fixture.follow(key)
    await fixture.superuser.query(`update log.stream set writable_until = now() - interval '1 s' where key = $1`, [key])

    await closeAbandonedLogs(deps)
    await tail.finished

    expect(tail.seqs).toEqual([1, 2, 3])
    expect(tail.ended).toEqual({ lastSeq: 3 })
  })
})
