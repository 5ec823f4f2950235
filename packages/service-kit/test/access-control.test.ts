import type { AccessBinding } from '@sluice/contracts/access'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAccessControl } from '../src/access-control.ts'
import type { Actor } from '../src/actor.ts'

const SCOPE = { accountId: 'acc-1', orgIdentifier: 'o', projectIdentifier: 'p' }
let bindings: AccessBinding[]
let reads: string[]
const editor: AccessBinding = { accountId: 'acc-1', principalType: 'USER', principalId: 'usr-1', role: 'editor' }

const control = () =>
  createAccessControl({
    loadBindings: async (accountId) => {
      reads.push(accountId)
      return bindings
    },
  })
const actor = (over: Partial<Actor> = {}): Actor => ({
  accountId: 'acc-1',
  principal: { type: 'USER', id: 'usr-1', name: 'Ana' },
  groups: [],
  accessVersion: 1,
  featureFlags: [],
  correlationId: 'c',
  source: 'token',
  ...over,
})

beforeEach(() => {
  bindings = [editor]
  reads = []
})
afterEach(() => vi.useRealTimers())

test('bindings are read once for an access version, and anew for a higher one', async () => {
  const access = control()
  expect(await access.allows(actor(), 'core_pipeline_edit', SCOPE)).toBe(true)
  bindings = []
  expect(await access.allows(actor(), 'core_pipeline_edit', SCOPE)).toBe(true)
  expect(await access.allows(actor({ accessVersion: 2 }), 'core_pipeline_edit', SCOPE)).toBe(false)
  // An older token meets what is known by now.
  expect(await access.allows(actor({ accessVersion: 1 }), 'core_pipeline_edit', SCOPE)).toBe(false)
  expect(reads).toEqual(['acc-1', 'acc-1'])
})

test('background work, which carries no version, sees a withdrawn role within five seconds', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const access = control()
  const background = actor({ source: 'on-behalf-of', accessVersion: -1 })
  await access.requireActive(background)
  bindings = []
  await access.requireActive(background)
  vi.setSystemTime(Date.now() + 5_001)
  await expect(access.requireActive(background)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  expect(reads).toHaveLength(2)
})

test("one account's bindings are never another's, even where the rows are wrong", async () => {
  const access = control()
  expect(
    await access.allows(actor({ accountId: 'acc-2' }), 'core_pipeline_edit', { ...SCOPE, accountId: 'acc-2' }),
  ).toBe(false)
  expect(await access.allows(actor(), 'core_pipeline_edit', { ...SCOPE, accountId: 'acc-2' })).toBe(false)
})

test('a refusal names who, the permission and where', async () => {
  bindings = [{ ...editor, role: 'viewer' }]
  const refused = control().require(actor(), 'core_pipeline_edit', SCOPE)
  await expect(refused).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
    message: expect.stringMatching(/"Ana".*"core_pipeline_edit".*"o\/p"/),
  })
})

test('reads that fail are not remembered', async () => {
  let fail = true
  const access = createAccessControl({
    loadBindings: async () => {
      if (fail) throw new Error('database away')
      return bindings
    },
  })
  await expect(access.allows(actor(), 'core_pipeline_edit', SCOPE)).rejects.toThrow('database away')
  fail = false
  expect(await access.allows(actor(), 'core_pipeline_edit', SCOPE)).toBe(true)
})
