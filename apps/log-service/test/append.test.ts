import { LOG_LINE_MAX } from '@sluice/contracts/logs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { counting, lines, ndjson, startFixture, type Fixture } from './log-service-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture.stop())

const stored = async (key: string) =>
  (await fixture.get(`/log-service/blob?key=${key}`)).text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number(JSON.parse(line).seq))

describe('append', () => {
  test('a batch is stored before it is acknowledged', async () => {
    const key = fixture.newKey()

    const answer = await fixture.append(key, lines(1, 3))

    expect(answer.json()).toEqual({ ackedSeq: 3 })
    const { rows } = await fixture.superuser.query('select last_seq from log.chunk where key = $1', [key])
    expect(rows).toEqual([{ last_seq: '3' }])
  })

  test('a batch that is stored already is acknowledged again and stored once', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 5))

    const answer = await fixture.append(key, lines(1, 5))

    expect(answer.json()).toEqual({ ackedSeq: 5 })
    expect(await stored(key)).toEqual(counting(1, 5))
  })

  test('of an overlapping batch only the new lines are stored', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 5))

    const answer = await fixture.append(key, lines(3, 8))

    expect(answer.json()).toEqual({ ackedSeq: 8 })
    expect(await stored(key)).toEqual(counting(1, 8))
  })

  test('a batch that would leave a gap is refused and says how far the log is', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 5))

    const answer = await fixture.append(key, lines(7, 8))

    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'INVALID_REQUEST', details: { ackedSeq: 5 } })
    expect(await stored(key)).toEqual(counting(1, 5))
  })

  test('a log that does not begin at line 1 is refused', async () => {
    const answer = await fixture.append(fixture.newKey(), lines(2, 3))

    expect(answer.json()).toMatchObject({ code: 'INVALID_REQUEST', details: { ackedSeq: 0 } })
  })

  test('two writers of the same lines at once lose and double nothing', async () => {
    const key = fixture.newKey()
    const write = async (size: number) => {
      for (let from = 1; from <= 300; from += size) {
        const answer = await fixture.append(key, lines(from, Math.min(from + size - 1, 300)))
        expect(answer.status).toBe(200)
      }
    }

    await Promise.all([write(7), write(11), write(25)])

    expect(await stored(key)).toEqual(counting(1, 300))
  })

  test('what a killed process stored but did not acknowledge is acknowledged by the next', async () => {
    const key = fixture.newKey()
    const first = await fixture.start()
    // The acknowledgement is lost on the way: the sender knows nothing of it.
    await fixture.append(key, lines(1, 4), { service: first })
    await fixture.end(first)
    const second = await fixture.start()

    const answer = await fixture.append(key, lines(1, 6), { service: second })

    expect(answer.json()).toEqual({ ackedSeq: 6 })
    expect(await stored(key)).toEqual(counting(1, 6))
  })

  test('the longest line is stored, also where every character is escaped', async () => {
    const key = fixture.newKey()

    const answer = await fixture.append(
      key,
      lines(1, 2, () => '\u001b'.repeat(LOG_LINE_MAX)),
    )

    expect(answer.json()).toEqual({ ackedSeq: 2 })
    const back = (await fixture.get(`/log-service/blob?key=${key}&lines=2-2`)).text
    expect(JSON.parse(back).text).toHaveLength(LOG_LINE_MAX)
  })

  test('lines without gzip, with blank lines and without a last line feed are taken', async () => {
    const key = fixture.newKey()
    const body = Buffer.from(ndjson(lines(1, 3)).toString().replaceAll('\n', '\r\n\r\n').trimEnd())

    const answer = await fixture.append(key, [], { plain: true, body })

    expect(answer.json()).toEqual({ ackedSeq: 3 })
    expect((await fixture.get(`/log-service/blob?key=${key}`)).bytes).toEqual(ndjson(lines(1, 3)))
  })

  test('an empty batch asks how far the log is', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 2))

    expect((await fixture.append(key, [])).json()).toEqual({ ackedSeq: 2 })
  })
})

describe('bad batches', () => {
  test.each([
    ['no JSON', 'hello\n', 'Line 1 is not JSON'],
    ['a hole', ndjson([...lines(1, 1), ...lines(3, 3)]).toString(), '2 comes next'],
    ['no seq', '{"time":1,"level":"info","text":"x"}\n', 'Line 1 is not a log line: seq'],
    ['a level of its own', '{"seq":1,"time":1,"level":"loud","text":"x"}\n', 'level'],
    ['too long a line', `${JSON.stringify({ seq: 1, time: 1, level: 'info', text: 'x'.repeat(70_000) })}\n`, 'text'],
  ])('%s is refused by name and nothing of it is stored', async (_name, body, sentence) => {
    const key = fixture.newKey()

    const answer = await fixture.append(key, [], { body: Buffer.from(body) })

    expect(answer.status).toBe(400)
    expect(answer.json().message).toContain(sentence)
    expect((await fixture.get(`/log-service/blob?key=${key}`)).status).toBe(404)
  })

  test('bytes that are not UTF-8 are refused', async () => {
    const answer = await fixture.append(fixture.newKey(), [], { body: Buffer.from([0xff, 0xfe]) })

    expect(answer.json().message).toContain('not UTF-8')
  })

  test('a gzip bomb is refused before it is unpacked', async () => {
    const key = fixture.newKey()

    const answer = await fixture.append(key, [], { body: Buffer.alloc(64 * 1024 * 1024, 32) })

    expect(answer.status).toBe(413)
  })
})

describe('log tokens', () => {
  test('a token of another log, account or signer is refused', async () => {
    const key = fixture.newKey()
    const wrong = [
      await fixture.logToken({ accountId: 'acc-1', prefix: 'acc-1/pex-other' }),
      await fixture.logToken({ accountId: 'acc-1', prefix: key.slice(0, -3) }),
      await fixture.logToken({ accountId: 'acc-2', prefix: key }),
      await fixture.logToken({
        accountId: 'acc-1',
        prefix: key.split('/').slice(0, 2).join('/'),
        within: ['nod-other'],
      }),
      await fixture.logToken({ accountId: 'acc-1', prefix: key }, 'delegate-service'),
      await fixture.logToken({ accountId: 'acc-1', prefix: key }, 'ng-manager', -5),
      'nonsense',
    ]

    for (const token of wrong) {
      const answer = await fixture.append(key, lines(1, 1), { token })
      expect(answer.status).toBe(401)
      expect(answer.json().code).toBe('LOG_TOKEN_INVALID')
    }
    expect((await fixture.get(`/log-service/blob?key=${key}`)).status).toBe(404)
  })

  test('a token of a prefix covers every log below it', async () => {
    const key = fixture.newKey()
    const token = await fixture.logToken({ accountId: 'acc-1', prefix: key.split('/').slice(0, 2).join('/') })

    expect((await fixture.append(key, lines(1, 1), { token })).status).toBe(200)
  })

  test('a token of a pod covers the logs of its steps', async () => {
    const key = fixture.newKey()
    const [account, execution, node = ''] = key.split('/')
    const token = await fixture.logToken({
      accountId: 'acc-1',
      prefix: `${account}/${execution}`,
      within: ['nod-other', node],
    })

    expect((await fixture.append(key, lines(1, 1), { token })).status).toBe(200)
  })
})

describe('close', () => {
  test('a log is closed after its last line only', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 4))

    expect((await fixture.close(key, 6)).json()).toMatchObject({ code: 'INVALID_REQUEST', details: { ackedSeq: 4 } })
    expect((await fixture.close(key, 4)).json()).toEqual({ ackedSeq: 4 })
    expect((await fixture.close(key, 4)).json()).toEqual({ ackedSeq: 4 })
  })

  test('a closed log takes no more lines but acknowledges the old ones', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 4))
    await fixture.close(key, 4)

    expect((await fixture.append(key, lines(3, 4))).json()).toEqual({ ackedSeq: 4 })
    expect((await fixture.append(key, lines(5, 5))).json()).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { ackedSeq: 4 },
    })
  })

  test('a log without a line is closed at 0', async () => {
    const key = fixture.newKey()

    expect((await fixture.close(key, 0)).json()).toEqual({ ackedSeq: 0 })
    expect((await fixture.get(`/log-service/blob?key=${key}`)).text).toBe('')
  })
})

describe('quota', () => {
  test('an account past its bytes of a day is refused by name', async () => {
    const small = await startFixture({ accountBytesPerDay: 500 })
    try {
      const key = small.newKey()
      expect((await small.append(key, lines(1, 4))).status).toBe(200)
      const answer = await small.append(key, lines(5, 12))

      expect(answer.status).toBe(429)
      expect(answer.json().code).toBe('TOO_MANY_REQUESTS')
      // Another account is not touched.
      expect((await small.append(small.newKey('acc-2'), lines(1, 4))).status).toBe(200)
    } finally {
      await small.stop()
    }
  })
})
