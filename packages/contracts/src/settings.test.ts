import { expect, test } from 'vitest'
import { resolveSetting, type SettingRow } from './settings.ts'

const row = (value: unknown, allowOverrides: boolean, org: string | null, project: string | null): SettingRow => ({
  identifier: 'delegate_queue_timeout_seconds',
  value,
  allowOverrides,
  orgIdentifier: org,
  projectIdentifier: project,
})
const scope = { orgIdentifier: 'default', projectIdentifier: 'shop' }

test('the nearest scope wins, and others do not count', () => {
  const rows = [row(30, true, 'default', 'shop'), row(10, true, null, null), row(20, true, 'default', null)]

  expect(resolveSetting(rows, 'delegate_queue_timeout_seconds', scope)).toBe(30)
  expect(resolveSetting(rows, 'delegate_queue_timeout_seconds', { orgIdentifier: 'default' })).toBe(20)
  expect(resolveSetting(rows, 'delegate_queue_timeout_seconds', { orgIdentifier: 'other' })).toBe(10)
  expect(resolveSetting([], 'delegate_queue_timeout_seconds', scope)).toBe(60)
})

test('the topmost scope that forbids overrides wins, and nonsense counts as the default', () => {
  const rows = [row(10, true, null, null), row(20, false, 'default', null), row(30, true, 'default', 'shop')]

  expect(resolveSetting(rows, 'delegate_queue_timeout_seconds', scope)).toBe(20)
  expect(resolveSetting([row('soon', true, null, null)], 'delegate_queue_timeout_seconds', scope)).toBe(60)
})
