import { expect, test } from 'vitest'
import { draftOf, instanceBody, instanceChange } from './instance-draft.ts'

const STORED = {
  identifier: 'prod',
  name: 'Production',
  tags: { env: 'prod' },
  connector: 'shop_db',
  gitTag: 'v3',
  context: 'prod',
  substituteProperties: { owner: 'shop' },
  created: 1,
  updated: 2,
  version: 4,
  toOnboard: false,
}

test('a stored instance goes through the form unchanged', () => {
  expect(instanceChange(draftOf(STORED))).toEqual({
    name: 'Production',
    connector: 'shop_db',
    tags: { env: 'prod' },
    substituteProperties: { owner: 'shop' },
    gitTag: 'v3',
    context: 'prod',
    labels: null,
    database: null,
    schema: null,
  })
})

test('a new instance names nothing that is empty', () => {
  const draft = { ...draftOf(), connector: 'shop_db', ref: ' main ', properties: [{ name: ' ', value: 'x' }] }

  expect(instanceBody({ ...draft, naming: { name: 'Dev', identifier: 'dev', isOwn: false } })).toEqual({
    name: 'Dev',
    connector: 'shop_db',
    tags: {},
    substituteProperties: {},
    branch: 'main',
  })
})
