import { PERMISSIONS, ROLES, type AccessBinding } from '@sluice/contracts/access'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accessIn, allows, allowsSomewhere } from './evaluate.ts'
import { rolesHolding } from './roles.ts'

const subject = { accountId: 'acc-1', principal: { type: 'USER', id: 'usr-1' } } as const
const binding = (over: Partial<AccessBinding>): AccessBinding => ({
  accountId: 'acc-1',
  principalType: 'USER',
  principalId: 'usr-1',
  role: 'editor',
  ...over,
})
const project = { accountId: 'acc-1', orgIdentifier: 'default', projectIdentifier: 'shop' }

describe('allows', () => {
  test('an account binding holds in every project below', () => {
    expect(allows([binding({})], subject, 'core_pipeline_execute', project)).toBe(true)
  })

  test('a project binding holds in that project only', () => {
    const bindings = [binding({ orgIdentifier: 'default', projectIdentifier: 'shop' })]

    expect(allows(bindings, subject, 'core_pipeline_edit', project)).toBe(true)
    expect(allows(bindings, subject, 'core_pipeline_edit', { ...project, projectIdentifier: 'other' })).toBe(false)
    expect(allows(bindings, subject, 'core_pipeline_edit', { accountId: 'acc-1' })).toBe(false)
  })

  test('a viewer sees but does not run', () => {
    const bindings = [binding({ role: 'viewer' })]

    expect(allows(bindings, subject, 'core_pipeline_view', project)).toBe(true)
    expect(allows(bindings, subject, 'core_pipeline_execute', project)).toBe(false)
    expect(allows(bindings, subject, 'core_audit_view', project)).toBe(false)
  })

  test('an editor does not manage people', () => {
    expect(allows([binding({})], subject, 'core_user_manage', { accountId: 'acc-1' })).toBe(false)
  })

  test('a binding in a project allows somewhere', () => {
    const bindings = [binding({ orgIdentifier: 'default', projectIdentifier: 'shop', role: 'viewer' })]

    expect(allowsSomewhere(bindings, subject, 'core_pipeline_view')).toBe(true)
    expect(allowsSomewhere(bindings, subject, 'core_pipeline_edit')).toBe(false)
  })

  test('nothing of another account or another principal ever grants anything', () => {
    const part = fc.option(fc.constantFrom('default', 'shop'), { nil: undefined })
    const foreign = fc.record({
      accountId: fc.constantFrom('acc-1', 'acc-2'),
      principalType: fc.constantFrom('USER' as const, 'SERVICE_ACCOUNT' as const),
      principalId: fc.constantFrom('usr-1', 'usr-2'),
      role: fc.constantFrom(...ROLES),
      orgIdentifier: part,
      projectIdentifier: part,
    })
    const notOurs = fc
      .array(foreign)
      .map((all) =>
        all.filter((one) => one.accountId !== 'acc-1' || one.principalId !== 'usr-1' || one.principalType !== 'USER'),
      )

    fc.assert(
      fc.property(notOurs, fc.constantFrom(...PERMISSIONS), (bindings, permission) => {
        expect(allows(bindings, subject, permission, project)).toBe(false)
        expect(allowsSomewhere(bindings, subject, permission)).toBe(false)
      }),
    )
  })
})

describe('accessIn', () => {
  test('holds exactly what allows says, in every scope', () => {
    const bindings = [
      binding({ role: 'viewer' }),
      binding({ orgIdentifier: 'default', projectIdentifier: 'shop', role: 'editor' }),
      binding({ principalId: 'usr-2', role: 'admin' }),
    ]
    for (const scope of [{ accountId: 'acc-1' }, project, { accountId: 'acc-2' }]) {
      const { permissions } = accessIn(bindings, subject, scope)
      expect(permissions).toEqual(PERMISSIONS.filter((one) => allows(bindings, subject, one, scope)))
    }
    expect(accessIn(bindings, subject, project).roles).toEqual(['editor', 'viewer'])
    expect(accessIn(bindings, subject, { accountId: 'acc-1' }).roles).toEqual(['viewer'])
  })
})

test('the weakest role that holds a permission is named first', () => {
  expect(rolesHolding('core_pipeline_execute')).toEqual(['editor', 'admin'])
  expect(rolesHolding('core_user_manage')).toEqual(['admin'])
})
