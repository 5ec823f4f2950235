import { until } from '@sluice/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counting, lines, startFixture, type Fixture } from './log-service-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture({ pingMs: 200 })
})
afterAll(() => fixture.stop())

describe('stream', () => {
  test('a reader gets the backlog, then live lines, then the end', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 5))
    const tail = await fixture.follow(key)
    await until(() => tail.seqs.length === 5, { what: 'the backlog' })
    await fixture.append(key, lines(6, 9))
    await until(() => tail.seqs.length === 9, { what: 'live lines' })

    await fixture.close(key, 9)
    await tail.finished

    expect(tail.contentType).toMatch(/^text\/event-stream/)
    expect(tail.seqs).toEqual(counting(1, 9))
    expect(tail.texts[8]).toBe('line 9')
    expect(tail.ended).toEqual({ lastSeq: 9 })
  })

  test('a reader may come before the first line', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key)
    await until(() => tail.pings > 0, { what: 'a sign of life' })

    await fixture.append(key, lines(1, 2))
    await fixture.close(key, 2)
    await tail.finished

    expect(tail.seqs).toEqual([1, 2])
    expect(tail.ended).toEqual({ lastSeq: 2 })
  })

  test('a reader that connects again gets exactly what it has not seen', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 10))
    await fixture.append(key, lines(11, 20))

    const tail = await fixture.follow(key, { afterSeq: 13 })
    await fixture.append(key, lines(21, 22))
    await fixture.close(key, 22)
    await tail.finished

    expect(tail.seqs).toEqual(counting(14, 22))
  })

  test('a finished log is told to its end, and nothing but the end to who has it all', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 3))
    await fixture.close(key, 3)

    const [whole, rest] = await Promise.all([fixture.follow(key), fixture.follow(key, { afterSeq: 3 })])
    await Promise.all([whole.finished, rest.finished])

    expect([whole.seqs, whole.ended]).toEqual([[1, 2, 3], { lastSeq: 3 }])
    expect([rest.seqs, rest.ended]).toEqual([[], { lastSeq: 3 }])
  })

  test('readers that come and go while lines arrive miss and double nothing', async () => {
    const key = fixture.newKey()
    const last = 2_000
    const write = async () => {
      for (let from = 1; from <= last; from += 20) await fixture.append(key, lines(from, from + 19))
      await fixture.close(key, last)
    }
    const read = async (moveOnAfter: number) => {
      const seen: number[] = []
      for (;;) {
        const tail = await fixture.follow(key, { afterSeq: seen.at(-1) ?? 0 })
        await until(() => tail.ended !== undefined || tail.seqs.length >= moveOnAfter, {
          what: 'some lines',
          everyMs: 1,
        })
        const { ended } = tail
        tail.leave()
        await tail.finished
        seen.push(...tail.seqs)
        if (ended !== undefined && seen.at(-1) === last) return seen
      }
    }

    const [, one, two, three] = await Promise.all([write(), read(150), read(333), read(1e9)])

    expect(one).toEqual(counting(1, last))
    expect(two).toEqual(counting(1, last))
    expect(three).toEqual(counting(1, last))
  })

  test('a line written at one replica reaches a reader at another', async () => {
    const key = fixture.newKey()
    const other = await fixture.start()
    const tail = await fixture.follow(key, { service: other })

    await fixture.append(key, lines(1, 3))
    await until(() => tail.seqs.length === 3, { what: 'lines of the other replica' })

    await fixture.end(other)
    await tail.finished
    expect(tail.ended).toBeUndefined()
  })

  test('a message that got lost in Redis is made up for from the store', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key)
    await fixture.append(key, lines(1, 1))
    await until(() => tail.seqs.length === 1, { what: 'the first line' })
    // As if another replica had stored it and died before it told anyone.
    await fixture.superuser.query(
      `with head as (update log.stream set acked_seq = 2 where account_id = $1 and key = $2 returning 1)
       insert into log.chunk select account_id, key, 2, 2, raw_size, raw_size, lines from log.chunk, head
       where account_id = $1 and key = $2`,
      ['acc-1', key],
    )

    await until(() => tail.seqs.length === 2, { what: 'the line that nobody was told of' })
    tail.leave()
  })

  test('a reader that does not read costs no memory and still gets every line', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key)
    tail.body.pause()
    // Random text, so that gzip leaves it large: 12 MiB pass a queue of 1 MiB and the socket's buffers.
    const noise = (seq: number) =>
      `${seq} ${Buffer.from(crypto.getRandomValues(new Uint8Array(45_000))).toString('base64')}`
    for (let from = 1; from <= 200; from += 8) await fixture.append(key, lines(from, from + 7, noise))
    await fixture.close(key, 200)

    tail.body.resume()
    await tail.finished

    expect(tail.seqs).toEqual(counting(1, 200))
    expect(tail.ended).toEqual({ lastSeq: 200 })
  })

  test('a batch too large for Redis arrives all the same', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key)
    const noise = () => Buffer.from(crypto.getRandomValues(new Uint8Array(48_000))).toString('base64')

    await fixture.append(key, lines(1, 8, noise))
    await until(() => tail.seqs.length === 8, { what: 'the large batch' })
    tail.leave()
  })

  test('readers that leave are forgotten', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key)
    await fixture.append(key, lines(1, 1))
    await until(() => tail.seqs.length === 1, { what: 'the line' })
    const channels = async () => fixture.redisAdmin.pubsub('CHANNELS', `log.lines:${key}`)
    expect(await channels()).toHaveLength(1)

    tail.leave()

    await until(async () => (await channels()).length === 0, { what: 'the subscription to end' })
  })
})

describe('without Redis', () => {
  test('lines are stored, acknowledged and read all the same', async () => {
    const alone = await startFixture({ pingMs: 100 })
    try {
      const key = alone.newKey()
      const tail = await alone.follow(key)
      await alone.append(key, lines(1, 2))
      await until(() => tail.seqs.length === 2, { what: 'lines while Redis is there' })
      await alone.redis.stop()

      const answer = await alone.append(key, lines(3, 5))
      await alone.close(key, 5)
      await tail.finished

      expect(answer.json()).toEqual({ ackedSeq: 5 })
      expect(tail.seqs).toEqual(counting(1, 5))
      expect(tail.ended).toEqual({ lastSeq: 5 })
    } finally {
      await alone.stop()
    }
  })
})

describe('who may read', () => {
  test('the log of another account is not there, in whatever way it is asked for', async () => {
    const key = fixture.newKey('acc-1')
    await fixture.append(key, lines(1, 2))
    await fixture.close(key, 2)
    const foreign = { accountId: 'acc-2' }

    expect((await fixture.follow(key, foreign)).status).toBe(404)
    expect((await fixture.get(`/log-service/blob?key=${key}`, foreign)).json().code).toBe('ENTITY_NOT_FOUND')
    const link = `/log-service/blob/link/download?key=${key}`
    expect((await fixture.get(link, { ...foreign, method: 'POST' })).status).toBe(404)
  })

  test('two accounts with the same identifiers read their own lines', async () => {
    const one = fixture.newKey('acc-1')
    const twin = one.replace('acc-1', 'acc-2')
    await fixture.append(
      one,
      lines(1, 1, () => 'of acc-1'),
    )
    await fixture.append(
      twin,
      lines(1, 1, () => 'of acc-2'),
    )

    expect((await fixture.get(`/log-service/blob?key=${one}`)).text).toContain('of acc-1')
    expect((await fixture.get(`/log-service/blob?key=${twin}`, { accountId: 'acc-2' })).text).toContain('of acc-2')
  })

  test('a viewer of the project reads its logs, one of another project does not', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 2))
    await fixture.close(key, 2)

    const mine = await fixture.follow(key, { principalId: 'usr-shop' })
    await mine.finished
    const other = await fixture.follow(key, { principalId: 'usr-other' })
    const stranger = await fixture.follow(key, { principalId: 'usr-nobody' })

    expect(mine.seqs).toEqual([1, 2])
    expect(other.status).toBe(403)
    expect(stranger.status).toBe(403)
  })

  test('whoever waits for a log of a project he may not see is told so when it begins', async () => {
    const key = fixture.newKey()
    const tail = await fixture.follow(key, { principalId: 'usr-other' })

    await fixture.append(key, lines(1, 2))
    await tail.finished

    expect(tail.seqs).toEqual([])
    expect(tail.error).toMatchObject({ code: 'ACCESS_DENIED' })
  })

  test('nobody reads without a token, and lite engines do not reach the readers', async () => {
    const key = fixture.newKey()
    const bare = await fixture.get(`/log-service/stream?key=${key}`, { headers: { 'x-sluice-token': 'nonsense' } })

    expect(bare.status).toBe(401)
    expect((await fixture.put(`/log-service/blob?key=${key}`, Buffer.from(''))).status).toBe(404)
  })

  test('a key that is none is refused', async () => {
    expect((await fixture.get('/log-service/blob?key=acc-1/../../etc')).status).toBe(400)
  })
})
