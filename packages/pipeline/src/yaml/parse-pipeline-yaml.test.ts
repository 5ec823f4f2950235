import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePipelineYaml } from './parse-pipeline-yaml.ts'
import { applyPipelineInputs, pipelineInputs, pipelineInputTemplate } from './pipeline-inputs.ts'

const yaml = `pipeline:
  identifier: ship_orders_db
  name: Ship orders DB
  orgIdentifier: default
  projectIdentifier: shop
  variables:
    - name: target
      type: String
      value: <+input>.default(stg).selectOneFrom(stg,prod)
  stages:
    - stage:
        identifier: staging
        name: staging
        type: Custom
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: db
                  name: db
                  stepGroupInfra:
                    type: KubernetesDirect
                    spec: { connectorRef: k8s_build, namespace: dbops, serviceAccountName: db-runner }
                  steps:
                    - step:
                        identifier: preview
                        name: preview
                        type: DBSchemaUpdateSQL
                        timeout: 10m
                        spec: { connectorRef: account.dockerhub, dbSchema: orders, dbInstance: orders_stg }
                    - step:
                        identifier: apply
                        name: apply
                        type: DBSchemaApply
                        timeout: 1h 20m
                        spec:
                          connectorRef: account.dockerhub
                          dbSchema: orders
                          dbInstance: <+pipeline.variables.target>
                          tag: rel-<+pipeline.sequenceId>
                          tagDatabaseChangeSet: false
                          resources: { limits: { memory: 2Gi, cpu: "1" } }
                        failureStrategies:
                          - onFailure: { errors: [AllErrors], action: { type: Ignore } }
`

const problems = (text: string) => {
  const parsed = parsePipelineYaml(text)
  return parsed.ok ? [] : parsed.problems
}
const one = (from: string, to: string) => {
  expect(yaml).toContain(from)
  return problems(yaml.replace(from, to)).map(
    ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
  )
}

describe('parsePipelineYaml', () => {
  it('reads a pipeline and knows where its parts stand', () => {
    const parsed = parsePipelineYaml(yaml)
    expect(parsed).toMatchObject({ ok: true, pipeline: { identifier: 'ship_orders_db' } })
    if (!parsed.ok) return
    expect(parsed.positions.of(['pipeline', 'name'])).toEqual({ line: 3, column: 9 })
    expect(parsed.positions.of(['pipeline', 'stages', 0, 'stage', 'type'])).toEqual({ line: 14, column: 15 })
  })

  it.each([
    ['name: Ship orders DB', 'name: [a]', '3:9 pipeline.name: "name" must be text, not a list.'],
    ['  identifier: ship_orders_db\n', '', '2:3 pipeline.identifier: "identifier" is missing.'],
    [
      'type: Custom',
      'type: CI',
      '14:15 pipeline.stages[0].stage.type: The stage type "CI" isn\'t built yet. Use one of: Custom.',
    ],
    [
      'type: Custom',
      'type: Magic',
      '14:15 pipeline.stages[0].stage.type: There is no stage type "Magic". Use one of: Custom.',
    ],
    [
      'timeout: 10m',
      'timeout: soon',
      /^29:\d+ .*timeout: .* must be a duration such as 30s, 10m or 1h 30m, or an expression <\+…>\.$/,
    ],
    ['timeout: 10m', 'strategy: { parallelism: 2 }', /^29:25 .*strategy: A strategy .* isn't built yet/],
    ['timeout: 10m', 'timeuot: 10m', /^29:25 .*: "timeuot" is not a field of "step"/],
    [
      'DBSchemaUpdateSQL',
      'Run',
      /^28:31 .*type: The step type "Run" isn't built yet\. Use one of: DBSchemaApply, DBSchemaUpdateSQL\.$/,
    ],
    ['DBSchemaUpdateSQL', 'DbApply', /^28:31 .*There is no step type "DbApply"/],
    ['action: { type: Ignore }', 'action: { type: Retry }', /The failure strategy "Retry" isn't built yet/],
    ['type: KubernetesDirect', 'type: ECSDirect', /^22:27 .*The infrastructure type "ECSDirect" isn't built yet/],
    ['dbSchema: orders, ', '', /^30:31 .*dbSchema: .*is missing/],
    [
      'tagDatabaseChangeSet: false',
      'tagDatabaseChangeSet: true',
      /^41:\d+ .*\("tagDatabaseChangeSet"\) isn't built yet/,
    ],
    ['identifier: apply', 'identifier: preview', /^32:37 .*Two steps and step groups here are named "preview"/],
    ['value: <+input>.default(stg)', 'value: <+input>.oops(stg)', /^9:14 .*has no "\.oops\(\)"/],
    ['rel-<+pipeline.sequenceId>', 'rel-<+pipeline.sequenceId', /^40:\d+ .*spec\.tag: .*no closing ">"/],
    ['rel-<+pipeline.sequenceId>', 'rel-<+eval("1")>', /which expressions don't have/],
    [
      '    - stage:',
      '    - parallel:\n      - stage: {}\n    - stage:',
      /^11:7 .*parallel: Running things in parallel \("parallel"\) isn't built yet/,
    ],
    ['  stages:\n', '  stages: []\n  x:\n', /must have at least 1 item/],
    ['name: Ship orders DB', 'identifier: again', /^3:3 : The key "identifier" is written twice/],
    ['name: Ship orders DB', 'name: a: b', /^3:\d+ : This is not valid YAML/],
    ['pipeline:\n', 'pipelines:\n', /"pipelines" is not a field of the document/],
    ['name: Ship orders DB', '? [a]\n  : b', /A key of the YAML is not text/],
    ['name: Ship orders DB', 'name: !!js/function x', /not valid YAML/],
  ])('refuses %s → %s at its place', (from, to, expected) => {
    const found = one(from, to)
    if (typeof expected === 'string') expect(found).toContain(expected)
    else
      expect(
        found.some((line) => expected.test(line)),
        found.join('\n'),
      ).toBe(true)
  })

  it('refuses rollback steps by name and takes an empty list', () => {
    const at = '          execution:\n'
    expect(one(at, `${at}            rollbackSteps: []\n`)).toEqual([])
    expect(one(at, `${at}            rollbackSteps:\n              - step: {}\n`).join()).toContain(
      'Rollback steps ("rollbackSteps")',
    )
  })

  it('refuses a pod inside a pod', () => {
    const inner =
      '- stepGroup: { identifier: inner, stepGroupInfra: { type: Process }, steps: [{ step: { identifier: s, type: DBSchemaUpdateSQL, spec: { dbSchema: a, dbInstance: b } } }] }'
    const at = '                  steps:\n'
    expect(one(at, `${at}                    ${inner}\n`).join()).toContain(`is inside the pod of "db"`)
  })

  it('refuses what only a container honours where there is none, and takes it where there is', () => {
    const spec = 'spec: { connectorRef: account.dockerhub, dbSchema: orders, dbInstance: orders_stg }'
    const withImage = spec.replace(' }', ', image: "our/step:1" }')
    expect(one(spec, withImage)).toEqual([])
    const found = problems(yaml.replace(spec, withImage).replace(/type: KubernetesDirect\n.*/, 'type: Process'))
    expect(found.map((problem) => problem.message).join()).toContain('The step "preview" runs as a process')
  })

  it('counts nodes, not lines', () => {
    const stages = Array.from({ length: 5 }, (_, stage) => {
      const steps = Array.from(
        { length: 220 },
        (_unused, step) =>
          `{ step: { identifier: s${step}, type: DBSchemaUpdateSQL, spec: { dbSchema: a, dbInstance: b } } }`,
      )
      return `    - stage: { identifier: t${stage}, type: Custom, spec: { execution: { steps: [${steps.join(',')}] } } }`
    })
    const text = `pipeline:\n  identifier: p\n  name: p\n  stages:\n${stages.join('\n')}\n`
    expect(
      problems(text)
        .map((problem) => problem.message)
        .join(),
    ).toContain('1105 stages, step groups and steps; 1000 are allowed')
  })

  it.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(',')}]`)
        .join('\n')}`,
    ],
    ['deep brackets', '['.repeat(100_000)],
    ['deep dashes', '- '.repeat(49_000)],
    ['many keys', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n')],
    [
      'nearly as many keys as are allowed',
      `pipeline:\n${Array.from({ length: 49_000 }, (_, index) => ` k${index}: 1`).join('\n')}`,
    ],
    [
      'nearly as many wrong values as are allowed',
      `pipeline:\n  tags:\n${Array.from({ length: 49_000 }, (_, index) => `    k${index}: 1`).join('\n')}`,
    ],
    [
      'nearly as many broken expressions as are allowed',
      `${yaml}  tags:\n${Array.from({ length: 49_000 }, (_, index) => `    k${index}: <+`).join('\n')}`,
    ],
    ['too much text', `a: ${'x'.repeat(1_100_000)}`],
    ['nothing', ' \n'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['a list', '- a'],
    ['text', 'hello'],
    // The test's time limit is the assertion: what it guards against takes minutes.
  ])('refuses %s without a quadratic step', { timeout: 60_000 }, (_name, text) => {
    expect(problems(text).length).toBeGreaterThan(0)
  })

  it('answers every text with a pipeline or with placed sentences', () => {
    const lines = yaml.split('\n')
    const edit = fc.tuple(fc.nat(lines.length - 1), fc.oneof(fc.string(), fc.constantFrom(...lines), fc.constant('')))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const copy = [...lines]
        for (const [index, line] of edits) copy[index] = line
        for (const problem of problems(copy.join('\n'))) {
          expect(problem.line).toBeGreaterThan(0)
          expect(problem.column).toBeGreaterThan(0)
          expect(problem.message).toMatch(/\.$/)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('runtime inputs of a pipeline', () => {
  it('are listed, offered as a template and filled in', () => {
    const parsed = parsePipelineYaml(yaml)
    if (!parsed.ok) throw new Error('the pipeline is valid')
    expect(pipelineInputs(parsed.pipeline)).toEqual([
      {
        path: 'pipeline.variables[0].value',
        name: 'target',
        type: 'String',
        required: false,
        default: 'stg',
        allowedValues: ['stg', 'prod'],
        owner: { kind: 'pipeline', identifier: 'ship_orders_db', name: expect.any(String) },
      },
    ])
    expect(pipelineInputTemplate(parsed.pipeline)).toBe(
      'pipeline:\n  identifier: ship_orders_db\n  variables:\n    - name: target\n      type: String\n      value: <+input>.default(stg).selectOneFrom(stg,prod)\n',
    )
    const run = applyPipelineInputs(
      yaml,
      'pipeline: { identifier: ship_orders_db, variables: [{ name: target, type: String, value: prod }] }',
    )
    expect(run.ok && run.pipeline.variables?.[0]?.value).toBe('prod')
    const fallback = applyPipelineInputs(yaml, null)
    expect(fallback.ok && fallback.pipeline.variables?.[0]?.value).toBe('stg')
  })

  it('are refused at their place in the pipeline', () => {
    const wrong = applyPipelineInputs(yaml, 'pipeline: { variables: [{ name: target, value: dev }] }')
    expect(wrong).toMatchObject({ ok: false, problems: [{ line: 9, path: 'pipeline.variables[0].value' }] })
    const bare = yaml.replace('.default(stg).selectOneFrom(stg,prod)', '')
    expect(applyPipelineInputs(bare, null)).toMatchObject({
      ok: false,
      problems: [{ line: 9, message: expect.stringContaining('needs a value') }],
    })
  })
})
