import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import * as audit from '@sluice/contracts/audit-routes'
import * as connectors from '@sluice/contracts/connectors'
import * as state from '@sluice/contracts/dbops-state'
import * as secrets from '@sluice/contracts/secrets'
import { Redis } from 'ioredis'
import { escapeLiteral } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenToAnswers, send, signIn, type ApiClient } from './system/api-client.ts'
import { createCustomerDatabase, customerSql } from './system/customer.ts'
import { Finder, needlesOf, searchDatabase, searchFiles, searchProcesses, searchRedis } from './system/find-traces.ts'
import {
  connectDatabase,
  connectGit,
  createInstance,
  createPipeline,
  createSchema,
  pipelineYaml,
  PROJECT,
  runToEnd,
  type Run,
} from './system/project.ts'
import { followLog, linesOf, logKeysOf } from './system/read-log.ts'
import { createRepository, system } from './system/system.ts'

/** Head and tail are searched for on their own: half a password is a leak too. */
const HEAD = 'hEad7Qx2Canary'
const TAIL = 'tAil9Zk4Canary'
/** What every encoding has an opinion about in between. */
const PASSWORD = `${HEAD}"'%41<&>\\/+ü€ ${TAIL}`
const WRONG_HEAD = 'wRongHead5Canary'
const WRONG_PASSWORD = `${WRONG_HEAD}'"&%`
/** Sent to places where no secret belongs. */
const MISPLACED = 'mIsplaced3Canary'

/** A database that tells its settings: in notices of every form, and in what it says of a statement that fails. */
const CHANGELOG = `--liquibase formatted sql

--changeset ana:tells splitStatements:false
do $body$ declare s text := current_setting('canary.password'); b bytea := convert_to(current_setting('canary.password'), 'utf8');
begin
  raise notice 'plain [%]', s;
  raise notice 'literal %', quote_literal(s);
  raise notice 'json %', to_json(s);
  raise notice 'json in json %', to_json(to_json(s)::text);
  raise notice 'hex %', encode(b, 'hex');
  raise notice 'base64 %', encode(b, 'base64');
  raise notice 'base64 after one %', encode('x'::bytea || b, 'base64');
  raise notice 'base64 after two %', encode('xx'::bytea || b, 'base64');
  raise notice 'long %', repeat(s || ' ', 5000);
  raise notice 'on the edge %', repeat('x', 65500) || repeat(s, 20);
  raise warning 'two lines
%', s;
  perform pg_sleep(1);
end $body$

--changeset ana:fails splitStatements:false
do $body$ declare s text := current_setting('canary.password');
begin
  raise exception 'settings are % and %', s, repeat(s || ' ', 2000)
    using detail = 'in detail ' || repeat(s, 300), hint = 'hint: ' || s, table = s, column = s;
end $body$
`

let client: ApiClient
let redis: Redis
let listener: Redis
const finder = new Finder([HEAD, TAIL, WRONG_HEAD].flatMap((fragment) => needlesOf(fragment)))
/** What may be found, to see that the search finds. */
const control = new Finder([...needlesOf('canary_owner'), ...needlesOf('lite-engine')])
const misplaced = new Finder(needlesOf(MISPLACED))
let answers = 0
let stopListening: () => void

beforeAll(async () => {
  client = await signIn(system.first)
  redis = new Redis(system.redisAdminUrl)
  listener = new Redis(system.redisAdminUrl)
  await listener.psubscribe('*')
  listener.on('pmessage', (_pattern, channel, message) => finder.search(`Redis channel ${channel}`, message))
  stopListening = listenToAnswers((answer) => {
    answers += 1
    const text = `${JSON.stringify(answer.headers)}\n${answer.text}`
    for (const one of [finder, misplaced]) one.search('an answer of the API', text)
  })
})

afterAll(() => {
  stopListening()
  redis.disconnect()
  listener.disconnect()
})

/** Looks at the processes for as long as the work goes on. */
async function whileWatchingProcesses<Value>(work: Promise<Value>): Promise<Value> {
  const ended = new AbortController()
  const done = work.finally(() => ended.abort())
  while (!ended.signal.aborted) {
    await searchProcesses(finder)
    await searchProcesses(control)
    await delay(100)
  }
  return done
}

async function readEverything(
  run: Run & { executionId: string },
  dbSchema: string,
  dbInstance: string,
): Promise<string> {
  const logs: string[] = []
  for (const key of logKeysOf(run).values()) {
    await followLog(client, key)
    logs.push(...(await linesOf(client, key)).map(({ text }) => text))
  }
  const params = { org: 'default', project: 'default_project', schema: dbSchema }
  await client.call(state.getMigrationState, { params, body: {} })
  await client.call(state.getDeployedState, {
    params: { ...params, instance: dbInstance },
    body: { planExecutionId: run.executionId },
  })
  const plans = await client.call(state.listPlans, { params: { ...params, instance: dbInstance } })
  for (const { hash } of plans) await client.call(state.getPlan, { params: { ...params, instance: dbInstance, hash } })
  return logs.join('\n')
}

test('a marked password is nowhere but in the sealed secret and on its way to the database', async () => {
  const database = await createCustomerDatabase('canary', PASSWORD)
  await customerSql('postgres', `alter role canary_owner set canary.password = ${escapeLiteral(PASSWORD)}`)
  const { url } = await createRepository('canary', { 'db/changelog.sql': CHANGELOG })
  await connectGit(client, 'canary_git', url)
  await connectDatabase(client, 'canary', database)
  await createSchema(client, 'canary', 'canary_git', 'db/changelog.sql')
  await createInstance(client, 'canary', 'canary', 'canary')
  await createPipeline(
    client,
    pipelineYaml('canary', [
      { identifier: 'preview', type: 'DBSchemaUpdateSQL', dbSchema: 'canary', dbInstance: 'canary' },
      { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'canary', dbInstance: 'canary' },
    ]),
  )

  const test1 = await client.call(connectors.testConnector, { params: { identifier: 'canary' }, query: PROJECT })
  expect(JSON.stringify(test1)).toContain('SUCCESS')
  const run = await whileWatchingProcesses(runToEnd(client, 'canary'))
  expect(run.status).toBe('Failed')
  const log = await readEverything(run, 'canary', 'canary')
  // The database did say it, in each of its ways; what is left of it are the masks.
  for (const told of ['plain [', 'literal ', 'json ', 'hex ', 'base64 ', 'long ', 'settings are ']) {
    expect(log).toContain(told)
  }
  expect(log).toContain('plain [******]')
  expect(run.failures.join('\n')).toContain('settings are ******')

  // A password that is wrong is a password.
  await connectDatabase(client, 'canary_wrong', { ...database, password: WRONG_PASSWORD })
  await createInstance(client, 'canary', 'canary_wrong', 'canary_wrong')
  await createPipeline(
    client,
    pipelineYaml('canary_wrong', [
      { identifier: 'apply', type: 'DBSchemaApply', dbSchema: 'canary', dbInstance: 'canary_wrong' },
    ]),
  )
  const test2 = await client.call(connectors.testConnector, { params: { identifier: 'canary_wrong' }, query: PROJECT })
  expect(JSON.stringify(test2)).not.toContain('SUCCESS')
  const wrong = await whileWatchingProcesses(runToEnd(client, 'canary_wrong'))
  expect(wrong.status).toBe('Failed')
  await readEverything(wrong, 'canary', 'canary_wrong')

  await client.call(audit.listAudits, { body: {} })
  await client.call(secrets.listSecrets, { query: PROJECT, body: {} })
  await client.call(connectors.listConnectors, { query: PROJECT, body: {} })

  expect(await searchDatabase(system.postgresUrl, finder)).toBeGreaterThan(20)
  await searchRedis(redis, finder)
  await searchFiles(system.dataDir, finder)
  finder.search('the trace', await readFile(system.traceFile))
  expect(answers).toBeGreaterThan(20)
  expect(finder.searchedBytes).toBeGreaterThan(1_000_000)
  expect(finder.found).toEqual([])

  await searchDatabase(system.postgresUrl, control)
  await searchFiles(system.dataDir, control)
  const places = control.found.join('\n')
  expect(places).toContain('ng.')
  expect(places).toContain('.ndjson.gz (unpacked)')
  expect(places).toMatch(/cmdline of a process: .*lite-engine/)
})

test('a secret that was sent to the wrong place is refused without being repeated or kept', async () => {
  const headers = { ...client.headers, 'content-type': 'application/json' }
  const query = '?orgIdentifier=default&projectIdentifier=default_project'
  const secret = { type: 'SecretText', identifier: 'misplaced', name: 'misplaced', ...PROJECT }
  const requests: [string, string, unknown][] = [
    ['POST', `/gateway/ng/api/v2/secrets${query}`, { secret: { ...secret, type: 7, spec: { value: MISPLACED } } }],
    ['POST', `/gateway/ng/api/v2/secrets${query}`, { secret: { ...secret, spec: { valueType: MISPLACED, value: 5 } } }],
    ['POST', `/gateway/ng/api/v2/secrets${query}`, `{"secret":{"value":"${MISPLACED}`],
    [
      'POST',
      `/gateway/ng/api/connectors${query}`,
      {
        connector: {
          type: 'JDBC',
          identifier: 'misplaced',
          name: 'misplaced',
          ...PROJECT,
          spec: {
            url: `jdbc:postgresql://localhost/x?user=ana&password=${MISPLACED}`,
            auth: { type: 'UsernamePassword', spec: { username: 'ana', passwordRef: 'x' } },
          },
        },
      },
    ],
    [
      'POST',
      `/gateway/ng/api/connectors${query}`,
      {
        connector: {
          type: 'Git',
          identifier: 'misplaced',
          name: 'misplaced',
          ...PROJECT,
          spec: {
            url: `https://ana:${MISPLACED}@git.example/x.git`,
            type: 'Repo',
            authentication: { type: 'Anonymous' },
          },
        },
      },
    ],
    ['POST', '/gateway/ng/api/auth/login', { email: 'admin@localhost', password: MISPLACED }],
    ['GET', `/gateway/ng/api/organizations?token=${MISPLACED}`, undefined],
  ]
  for (const [method, path, body] of requests) {
    const { status } = await send(method, path, {
      headers,
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    if (method === 'POST') expect(status, `${path} ${JSON.stringify(body)}`).toBeGreaterThanOrEqual(400)
  }
  await searchDatabase(system.postgresUrl, misplaced)
  await searchRedis(redis, misplaced)
  await searchFiles(system.dataDir, misplaced)
  expect(misplaced.found).toEqual([])
})
