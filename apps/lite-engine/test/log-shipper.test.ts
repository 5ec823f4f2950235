import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeTestCa, startLogReceiver, until, type LogReceiver, type ReceivedLog, type TestCa } from '@sluice/testing'
import { createLogClient, type LogClient } from '../src/modules/log/log-client.ts'
import { LogShipper, type ShippingState } from '../src/modules/log/log-shipper.ts'

let ca: TestCa
let folder: string
let receiver: LogReceiver
let client: LogClient
let states: ShippingState[]

beforeAll(async () => {
  ca = await makeTestCa()
})
afterAll(() => ca.dispose())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-log-'))
  receiver = await startLogReceiver(ca)
  client = createLogClient({ url: receiver.url, caPem: ca.ca })
  states = []
})
afterEach(async () => {
  await client.destroy()
  await receiver.dispose()
  await rm(folder, { recursive: true, force: true })
})

function start(): Promise<LogShipper> {
  const onState = (state: ShippingState): unknown => states.push(state)
  return LogShipper.open({ key: 'acc/pex/nod/1', token: 'log-token', file: join(folder, '1.ndjson'), client, onState })
}

function received(): ReceivedLog {
  return receiver.log('acc/pex/nod/1')
}

function append(shipper: LogShipper, from: number, to: number): void {
  for (let number = from; number <= to; number += 1) {
    shipper.append({ time: number, level: 'info', text: `line ${number}`, unit: 'Apply' })
  }
}

describe('the log shipper', () => {
  it('ships every line in order, then closes, uploads the whole log and removes its spool', async () => {
    const shipper = await start()
    append(shipper, 1, 5_000)
    await shipper.end()
    expect(received().lines.map((line) => line.seq)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1))
    expect(received().uploaded).toEqual(received().lines)
    expect(received().closedAt).toBe(5_000)
    expect(receiver.tokens).toEqual(new Set(['Bearer log-token', '']))
    expect(states.at(-1)).toMatchObject({ state: 'stored', ackedSeq: 5_000 })
    expect(await readdir(folder)).toEqual([])
  })

  it('shows a line at once, without waiting for the end', async () => {
    const shipper = await start()
    append(shipper, 1, 1)
    await until(() => received().lines.length === 1, { what: 'the first line' })
    append(shipper, 2, 2)
    await until(() => received().lines.length === 2, { what: 'the second line' })
    await shipper.end()
  })

  it('loses nothing when the service is away for a while', async () => {
    const shipper = await start()
    receiver.failNext = 3
    append(shipper, 1, 10)
    await until(() => states.some((state) => state.state === 'retrying'), { what: 'a retry' })
    append(shipper, 11, 20)
    await shipper.end()
    expect(received().lines).toHaveLength(20)
    expect(states.map((state) => state.state)).toEqual(['retrying', 'flowing', 'stored'])
  })

  it('goes back to where the service says that it ends', async () => {
    const shipper = await start()
    append(shipper, 1, 50)
    await until(() => received().lines.length === 50, { what: 'the first lines' })
    receiver.forgetAfter = 7
    append(shipper, 51, 60)
    await shipper.end()
    expect(received().lines.map((line) => line.text)).toEqual(Array.from({ length: 60 }, (_, at) => `line ${at + 1}`))
  })

  it('ships a line of the greatest length, and many of them', async () => {
    const shipper = await start()
    for (let count = 0; count < 20; count += 1) shipper.append({ time: 1, level: 'info', text: 'ü'.repeat(65_536) })
    await shipper.end()
    expect(received().lines).toHaveLength(20)
    expect(received().lines[19]?.text).toHaveLength(65_536)
  })

  it('gives up, and says why, when the service refuses for good', async () => {
    const shipper = await start()
    receiver.refuseWith = 401
    append(shipper, 1, 3)
    await shipper.end()
    expect(states.at(-1)).toMatchObject({ state: 'gaveUp', message: 'the token ended' })
    expect(shipper.unshippedLines).toBe(3)
  })

  it('closes a log without lines and uploads nothing', async () => {
    const shipper = await start()
    await shipper.end()
    expect(received().closedAt).toBe(0)
    expect(received().uploaded).toBeUndefined()
    expect(states.at(-1)).toMatchObject({ state: 'stored' })
  })

  it('can be stopped while the service is away', async () => {
    const shipper = await start()
    receiver.failNext = Number.POSITIVE_INFINITY
    append(shipper, 1, 3)
    await until(() => states.some((state) => state.state === 'retrying'), { what: 'a retry' })
    await shipper.stop()
    expect(shipper.unshippedLines).toBe(3)
  })
})
