import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lines, startFixture, type Fixture } from './log-service-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture.stop())

const UNITS = ['Fetch', 'Apply', 'Fetch'] as const

/** Three stretches of three lines; line 5 is an error whose word is cut up by colours. */
async function threeSections(): Promise<string> {
  const key = fixture.newKey()
  const all = lines(1, 9, (seq) => (seq === 5 ? 'duplicate \u001b[31mKEY\u001b[0m violates' : `line ${seq}`)).map(
    (line) => ({
      ...line,
      unit: UNITS[Math.floor((line.seq - 1) / 3)],
      level: line.seq === 5 ? ('error' as const) : line.level,
    }),
  )
  await fixture.append(key, all)
  return key
}

const scan = async (key: string, query = '', options = {}) =>
  fixture.get(`/log-service/scan?key=${encodeURIComponent(key)}${query}`, options)

describe('looking through a log', () => {
  test('finds lines without regard to case and colours, and lists sections with their worst level', async () => {
    const answer = await scan(await threeSections(), '&search=key%20VIOLATES')

    expect(answer.json()).toEqual({
      matches: [5],
      sections: [
        { unit: 'Fetch', firstSeq: 1, lastSeq: 3, level: 'info' },
        { unit: 'Apply', firstSeq: 4, lastSeq: 6, level: 'error' },
        { unit: 'Fetch', firstSeq: 7, lastSeq: 9, level: 'info' },
      ],
      total: 9,
    })
  })

  test('a log of more matches than one answer holds is gone through in several, none missed or doubled', async () => {
    const key = fixture.newKey()
    await fixture.append(key, lines(1, 2_500))
    const found: number[] = []
    let from: number | undefined = 1
    while (from !== undefined) {
      const answer: { matches: number[]; nextSeq?: number } = (await scan(key, `&search=line&from=${from}`)).json()
      found.push(...answer.matches)
      from = answer.nextSeq
    }
    expect(found).toEqual(Array.from({ length: 2_500 }, (_, index) => index + 1))
  })

  test('nobody scans the log of another account, and a log that is not there is named', async () => {
    const key = await threeSections()
    const stranger = await scan(key, '', { accountId: 'acc-2' })
    expect([stranger.status, stranger.json().code]).toEqual([404, 'ENTITY_NOT_FOUND'])
    const missing = await scan(fixture.newKey())
    expect([missing.status, missing.json().code]).toEqual([404, 'ENTITY_NOT_FOUND'])
    expect((await scan(key, '&from=0')).status).toBe(400)
  })
})

test('a log is read as a text file with times and levels and without colours', async () => {
  const key = await threeSections()
  const answer = await fixture.get(`/log-service/blob?key=${encodeURIComponent(key)}&as=text`)
  expect(answer.headers['content-disposition']).toMatch(/^attachment; filename=".+\.log"$/)
  expect(answer.text.split('\n')[4]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z ERROR duplicate KEY violates$/)
})
