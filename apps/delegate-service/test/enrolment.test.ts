import { EnrolmentResponse, mintDelegateToken } from '@sluice/delegate-protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeToken, newAccountId, revokeToken, startWorld, type Replica, type World } from './start-delegate-service.ts'
import { enrol } from './test-delegate.ts'

let world: World
let replica: Replica
let accountId: string

beforeAll(async () => {
  world = await startWorld()
  replica = await world.start()
})
afterAll(() => world?.stop())
beforeEach(() => {
  accountId = newAccountId()
})

describe('enrolling', () => {
  test('gives an id once per key, within what the token allows, and is audited', async () => {
    const { token } = await makeToken(world, accountId, { namePattern: 'edge-*', allowedTags: ['linux'], org: 'shop' })
    const first = await enrol(world, replica.url, { token, name: 'edge-1', tags: ['linux', 'gpu'] })
    const again = await enrol(world, replica.url, { token, name: 'edge-1', tags: ['linux'], keys: first.keys })
    const replicaOfIt = await enrol(world, replica.url, { token, name: 'edge-1' })

    const answer = EnrolmentResponse.parse(first.body)
    expect(answer).toMatchObject({
      tags: ['linux'],
      droppedTags: ['gpu'],
      scope: { orgIdentifier: 'shop' },
      state: 'enrolled',
    })
    expect(EnrolmentResponse.parse(again.body).delegateId).toBe(answer.delegateId)
    expect(EnrolmentResponse.parse(replicaOfIt.body).delegateId).not.toBe(answer.delegateId)
    const { rows } = await world.admin.query(
      `select body->>'action' as action from ng.inbox where account_id = $1 and body->'resource'->>'identifier' = $2`,
      [accountId, answer.delegateId],
    )
    expect(rows).toEqual([{ action: 'ENROL' }])
  })

  test('again as somebody else is audited with what it was and what it is', async () => {
    const { token, tokenId } = await makeToken(world, accountId)
    const other = await makeToken(world, accountId)
    const first = await enrol(world, replica.url, { token, name: 'edge-1', tags: ['linux'] })
    const again = await enrol(world, replica.url, { token: other.token, name: 'edge-2', keys: first.keys })

    const { delegateId } = EnrolmentResponse.parse(again.body)
    const { rows } = await world.admin.query(
      `select body->'before' as before, body->'after' as after from ng.inbox
        where account_id = $1 and body->'resource'->>'identifier' = $2 order by created_at`,
      [accountId, delegateId],
    )
    expect(rows).toMatchObject([
      { after: { name: 'edge-1', tokenId } },
      {
        before: { name: 'edge-1', tags: ['linux'], tokenId },
        after: { name: 'edge-2', tags: [], tokenId: other.tokenId },
      },
    ])
  })

  test('is refused with a sentence for a name, a token or a signature that is not right', async () => {
    const { token, tokenId } = await makeToken(world, accountId, { namePattern: 'edge-*' })
    const forged = mintDelegateToken({ accountId, tokenId }).token
    const unknown = mintDelegateToken({ accountId, tokenId: 'tok-none' }).token

    const refuse = async (given: string, name: string) => {
      const { status, body } = await enrol(world, replica.url, { token: given, name })
      return { status, body }
    }
    expect(await refuse(token, 'local')).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    expect(await refuse(forged, 'edge-1')).toMatchObject({ status: 401, body: { code: 'INVALID_TOKEN' } })
    expect(await refuse(unknown, 'edge-1')).toMatchObject({ status: 401, body: { code: 'DELEGATE_TOKEN_INVALID' } })
    await revokeToken(world, accountId, tokenId, false)
    expect(await refuse(token, 'edge-1')).toMatchObject({ status: 401, body: { code: 'DELEGATE_TOKEN_INVALID' } })
  })
})
