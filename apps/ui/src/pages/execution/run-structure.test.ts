import type { ExecutionDetail, GraphNode } from '@sluice/contracts/execution-graph'
import { describe, expect, it } from 'vitest'
import { failedStep, pathTo, splitFailure, stepThatMatters, toStructure } from './run-structure.ts'

type Status = GraphNode['status']

function node(uuid: string, stepType: string, status: Status = 'QUEUED'): GraphNode {
  return {
    uuid,
    setupId: uuid,
    name: uuid,
    identifier: uuid,
    baseFqn: uuid,
    stepType,
    status,
    startTs: status === 'QUEUED' ? null : 1,
    endTs: null,
    failureInfo: null,
    outcomes: {},
    stepParameters: null,
    unitProgresses: [],
    changesetProgress: null,
    progressData: null,
    delegateInfoList: [],
    logBaseKey: '',
    skipInfo: null,
    nodeRunInfo: null,
    retryCount: 0,
  }
}

/** Two stages, a group in the first; the statuses are those of the three steps in order. */
function detail(one: Status, two: Status, three: Status): ExecutionDetail {
  const nodes = [
    node('root', 'PIPELINE_SECTION'),
    node('staging', 'CUSTOM_STAGE'),
    node('database', 'STEP_GROUP'),
    node('preview', 'DBSchemaUpdateSQL', one),
    node('apply', 'DBSchemaApply', two),
    node('production', 'CUSTOM_STAGE'),
    node('last', 'DBSchemaApply', three),
  ]
  const edges = {
    root: { children: ['staging'], nextIds: [] },
    staging: { children: ['database'], nextIds: ['production'] },
    database: { children: ['preview'], nextIds: [] },
    preview: { children: [], nextIds: ['apply'] },
    apply: { children: [], nextIds: [] },
    production: { children: ['last'], nextIds: [] },
    last: { children: [], nextIds: [] },
  }
  return {
    executionGraph: {
      rootNodeId: 'root',
      nodeMap: Object.fromEntries(nodes.map((each) => [each.uuid, each])),
      nodeAdjacencyListMap: edges,
    },
  } as unknown as ExecutionDetail
}

const idToShow = (...statuses: [Status, Status, Status]) => stepThatMatters(toStructure(detail(...statuses)))?.id

describe('toStructure', () => {
  it('puts steps into their groups and stages, in the order in which they run', () => {
    const [staging, production] = toStructure(detail('SUCCEEDED', 'RUNNING', 'QUEUED'))
    expect(staging?.children.map(({ id, kind }) => [id, kind])).toEqual([['database', 'group']])
    expect(staging?.children[0]?.children.map(({ id }) => id)).toEqual(['preview', 'apply'])
    expect(production?.children.map(({ id, kind }) => [id, kind])).toEqual([['last', 'step']])
  })

  it('ends where a graph leads back to itself', () => {
    const looped = detail('RUNNING', 'QUEUED', 'QUEUED')
    looped.executionGraph.nodeAdjacencyListMap['apply'] = { children: [], nextIds: ['preview'] }
    expect(toStructure(looped)[0]?.children[0]?.children).toHaveLength(2)
  })
})

describe('stepThatMatters', () => {
  it('is the one that runs, while nothing failed', () => {
    expect(idToShow('SUCCEEDED', 'RUNNING', 'QUEUED')).toBe('apply')
  })
  it('is the one that failed, also when others ran after it', () => {
    expect(idToShow('FAILED', 'SKIPPED', 'SUCCEEDED')).toBe('preview')
  })
  it('is the last that ran when all is over', () => {
    expect(idToShow('SUCCEEDED', 'SUCCEEDED', 'QUEUED')).toBe('apply')
  })
  it('is the first before anything runs', () => {
    expect(idToShow('QUEUED', 'QUEUED', 'QUEUED')).toBe('preview')
  })
})

it('does not take an ignored failure for the reason of the run’s failure', () => {
  expect(failedStep(toStructure(detail('IGNORE_FAILED', 'FAILED', 'QUEUED')))?.id).toBe('apply')
})

it('names the way to a step', () => {
  const path = pathTo(toStructure(detail('QUEUED', 'QUEUED', 'QUEUED')), 'apply')
  expect(path.map(({ name }) => name)).toEqual(['staging', 'database', 'apply'])
})

it('sets the statement of a failure apart', () => {
  expect(splitFailure('It broke. The statement: create table a ()')).toEqual({
    sentence: 'It broke.',
    statement: 'create table a ()',
  })
  expect(splitFailure('It broke.').statement).toBeUndefined()
})
