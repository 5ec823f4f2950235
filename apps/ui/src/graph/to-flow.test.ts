import { expect, it } from 'vitest'
import { rowsOf, shapeOf, stepsOf, type StructureNode } from './structure.ts'
import { toFlow } from './to-flow.ts'

const step = (id: string, status = 'QUEUED'): StructureNode => ({
  id,
  kind: 'step',
  name: id,
  type: 'DBSchemaApply',
  children: [],
  run: { status, startedAt: null, endedAt: null },
})
const stage = (id: string, children: StructureNode[]): StructureNode => ({
  id,
  kind: 'stage',
  name: id,
  type: '',
  children,
})
const group = (id: string, children: StructureNode[]): StructureNode => ({
  id,
  kind: 'group',
  name: id,
  type: '',
  children,
})
const stages = [stage('a', [group('g', [step('one'), step('two')])]), stage('b', [step('three')])]
const box = { x: 1, y: 2, width: 3, height: 4 }
const layout = Object.fromEntries(rowsOf(stages).map(({ node }) => [node.id, box]))

it('draws containers before what is in them, and joins what runs one after the other', () => {
  const { nodes, edges } = toFlow(stages, layout, 'two')
  expect(nodes.map(({ id, parentId }) => [id, parentId])).toEqual([
    ['a', undefined],
    ['g', 'a'],
    ['one', 'g'],
    ['two', 'g'],
    ['b', undefined],
    ['three', 'b'],
  ])
  expect(edges.map(({ source, target }) => [source, target])).toEqual([
    ['one', 'two'],
    ['a', 'b'],
  ])
  expect(nodes.filter(({ data }) => data.isSelected).map(({ id }) => id)).toEqual(['two'])
})

it('keeps every node in its place while only statuses change', () => {
  const later = [
    stage('a', [group('g', [step('one', 'SUCCEEDED'), step('two', 'RUNNING')])]),
    stage('b', [step('three')]),
  ]
  expect(shapeOf(later)).toBe(shapeOf(stages))
  expect(shapeOf(stages.slice(1))).not.toBe(shapeOf(stages))
})

it('lists the steps in the order in which they run', () => {
  expect(stepsOf(stages).map(({ id }) => id)).toEqual(['one', 'two', 'three'])
})

it('leaves out what the layout does not know yet', () => {
  expect(toFlow(stages, { a: box }, undefined).nodes.map(({ id }) => id)).toEqual(['a'])
})
