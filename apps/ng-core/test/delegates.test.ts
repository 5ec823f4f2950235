import { DelegateEvent, DelegateInstall, DelegatesEvent, type Delegate } from '@sluice/contracts/delegates'
import { newId } from '@sluice/contracts/ids'
import { channelName } from '@sluice/database'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PROJECT } from './samples.ts'
import { startNgCore, type TestNgCore, type TestReader } from './start-ng-core.ts'

let core: TestNgCore
let admin: string
let accountId: string
/** Stands for delegate-service, which owns the rows. */
let owner: Client
beforeAll(async () => {
  core = await startNgCore()
  admin = await core.tokenOf('admin@first.test')
  accountId = core.first.accountId
  owner = new Client({ connectionString: core.database.superuserUrl })
  await owner.connect()
})
afterAll(async () => {
  await owner?.end()
  await core?.stop()
})

interface DelegateRow {
  name: string
  connected?: boolean
  account?: string
  org?: string
  tokenId?: string
  capabilities?: string[]
}

async function addDelegate(row: DelegateRow): Promise<string> {
  const id = newId('dlg')
  await owner.query(
    `insert into delegate.delegates (account_id, id, name, tags, org_identifier, state, token_id, identity_key, sealing_key,
       version, capabilities, capacity, connected, replica_id, last_heartbeat_at)
     values ($1, $2, $3, '{stg}', $4, 'enrolled', $5, $2, $2, '0.1.0', $6, 32, $7, 'rep-1', now())`,
    [
      row.account ?? accountId,
      id,
      row.name,
      row.org ?? null,
      row.tokenId ?? 'tok-none',
      row.capabilities ?? ['runtime:process', 'host:build-7', 'place:container'],
      row.connected ?? false,
    ],
  )
  return id
}

async function change(id: string, set: string): Promise<void> {
  await owner.query(`update delegate.delegates set ${set} where id = $1`, [id])
  await core.deps.redis.publish(channelName('delegate.presence', accountId), JSON.stringify({ delegateId: id }))
}

const list = async (body: object, token = admin, query: Record<string, string> = {}) =>
  core.call('POST', '/ng/api/delegate-setup/listDelegates', { token, body, query })

describe('the list', () => {
  test('has all that a page shows, and finds by name, tag and host', async () => {
    const made = await core.call('POST', '/ng/api/delegate-token-ng', {
      token: admin,
      body: { delegateToken: { name: 'listed' } },
    })
    const { delegateToken } = z.object({ delegateToken: z.object({ identifier: z.string() }) }).parse(made.data)
    const id = await addDelegate({ name: 'alpha', connected: true, tokenId: delegateToken.identifier })
    await owner.query(
      `insert into delegate.task (account_id, id, attempt_id, kind, submission, state, delegate_id, queued_until)
       values ($1, 'tsk-1', 'a-1', 'pod.init', '{}', 'running', $2, now()), ($1, 'tsk-2', 'a-2', 'pod.init', '{}', 'offered', $2, now())`,
      [accountId, id],
    )
    const { data } = await list({ searchTerm: 'BUILD-7' })

    expect(data).toMatchObject({
      totalItems: 1,
      content: [
        {
          identifier: id,
          status: 'CONNECTED',
          capacity: 32,
          runningTasks: 1,
          runtimes: ['process'],
          host: 'build-7',
          inContainer: true,
          tokenName: 'listed',
          replica: 'rep-1',
        },
      ],
    })
    expect((await list({ searchTerm: 'stg', connected: false })).data).toMatchObject({ totalItems: 0 })
    expect((await list({ connected: 'yes' })).code).toBe('INVALID_REQUEST')
  })
})

describe('the stream', () => {
  const first = async (reader: TestReader): Promise<Delegate[]> => {
    const event = await reader.next()
    expect(event?.event).toBe('delegates')
    return DelegatesEvent.parse(event?.data).delegates
  }
  const next = async (reader: TestReader): Promise<DelegateEvent> => {
    const event = await reader.next()
    expect(event?.event).toBe('delegate')
    return DelegateEvent.parse(event?.data)
  }

  test('begins with the delegates that are there, then says which one changed and in what', async () => {
    const known = await addDelegate({ name: 'known' })
    await addDelegate({ name: 'foreign', account: core.second.accountId })
    const reader = await core.follow('/ng/api/delegate-setup/events', { token: admin })
    const names = (await first(reader)).map(({ name }) => name)
    expect(names).toContain('known')
    expect(names).not.toContain('foreign')

    const id = await addDelegate({ name: 'newcomer' })
    await change(id, 'connected = false')
    expect(await next(reader)).toMatchObject({ delegate: { name: 'newcomer', status: 'DISCONNECTED' }, changed: [] })
    await change(id, 'connected = true')
    expect((await next(reader)).changed.toSorted()).toEqual(['connected', 'replica', 'status'])
    await change(known, `tags = '{prd}', capacity = 4`)
    expect(await next(reader)).toMatchObject({ delegate: { identifier: known }, changed: ['tags', 'capacity'] })
    await change(id, 'draining = true')
    expect(await next(reader)).toMatchObject({ delegate: { status: 'DRAINING' } })
    reader.stop()
  })

  test("a project's reader hears of what can serve it only", async () => {
    const token = await core.tokenWithRole(admin, 'project@first.test', [{ role: 'viewer', ...PROJECT }])
    const reader = await core.follow('/ng/api/delegate-setup/events', { token, query: PROJECT })
    await first(reader)
    await core.call('POST', '/ng/api/organizations', {
      token: admin,
      body: { organization: { identifier: 'acme', name: 'Acme' } },
    })
    const elsewhere = await addDelegate({ name: 'elsewhere', org: 'acme' })
    await change(elsewhere, 'connected = true')
    const here = await addDelegate({ name: 'here', org: 'default' })
    await change(here, 'connected = true')

    expect(await next(reader)).toMatchObject({ delegate: { identifier: here } })
    reader.stop()
  })

  test('ends at once with the session, and with the role', async () => {
    const token = await core.tokenWithRole(admin, 'leaves@first.test', [{ role: 'viewer' }])
    const ended = await core.follow('/ng/api/delegate-setup/events', { token })
    await first(ended)
    await core.call('DELETE', '/ng/api/auth/sessions', { token: await core.tokenOf('leaves@first.test') })
    expect(await ended.next()).toBeUndefined()

    const again = await core.tokenOf('leaves@first.test')
    const demoted = await core.follow('/ng/api/delegate-setup/events', { token: again })
    await first(demoted)
    const users = await core.call('POST', '/ng/api/user/list', { token: admin, body: { searchTerm: 'leaves@' } })
    const [{ user }] = z
      .object({ content: z.tuple([z.object({ user: z.object({ uuid: z.string() }) })]) })
      .parse(users.data).content
    await core.call('PUT', `/ng/api/user/${user.uuid}`, { token: admin, body: { user: { roleAssignments: [] } } })
    expect(await demoted.next()).toBeUndefined()
  })
})

describe('install commands', () => {
  const install = async (query: Record<string, string>) =>
    core.call('GET', '/ng/api/delegate-setup/install', { token: admin, query })

  test('hold the value when the token is made, and a placeholder afterwards', async () => {
    const made = await core.call('POST', '/ng/api/delegate-token-ng', {
      token: admin,
      body: { delegateToken: { name: 'install', namePattern: 'stg-1', allowedTags: ['stg', 'eu'] } },
    })
    const { value, install: once } = z.object({ value: z.string(), install: DelegateInstall }).parse(made.data)
    for (const text of [once.node, once.docker, once.compose]) {
      expect(text).toContain(value)
      expect(text).toContain('stg-1')
      expect(text).toContain('stg,eu')
      expect(text).toContain('https://delegates.example:8467')
      expect(text).toContain('BEGIN CERTIFICATE')
    }
    const later = DelegateInstall.parse((await install({ tokenName: 'install', delegateName: 'd1', tags: 'a,b' })).data)
    expect(later.node).toContain(`SLUICE_DELEGATE_TOKEN='<token>'`)
    expect(later.node).toContain('SLUICE_DELEGATE_TAGS=a,b')
    expect(JSON.stringify(later)).not.toContain(value)
  })

  test('are refused for a token that is unknown or revoked, and for a name that a shell would take apart', async () => {
    expect((await install({ tokenName: 'nowhere' })).code).toBe('ENTITY_NOT_FOUND')
    await core.call('PUT', '/ng/api/delegate-token-ng/install/revoke', { token: admin, body: {} })
    expect((await install({ tokenName: 'install' })).code).toBe('INVALID_STATE')
    expect((await install({ delegateName: 'x; reboot' })).code).toBe('INVALID_REQUEST')
    expect((await install({ tags: '$(reboot)' })).code).toBe('INVALID_REQUEST')
  })
})
