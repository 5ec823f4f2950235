import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { certificateFiles } from '@sluice/certificates'
import { createApiKey, revokeApiKey } from '@sluice/contracts/api-keys'
import { login, logout } from '@sluice/contracts/auth'
import { startGitHost, type GitHost } from '@sluice/local-servers'
import type { Layout } from '../folder/layout.ts'
import { ApiFailure, createApiClient, type ApiClient } from './api-client.ts'
import { newDemoState, readDemoState, STAGES, writeDemoState, type DemoState, type Stage } from './demo-state.ts'
import { followFirstRun, startFirstRun } from './first-run.ts'
import { databaseOf, makeDatabases } from './make-databases.ts'
import { makeEntities } from './make-entities.ts'
import { makeBareRepository, makeClone, moveClone } from './make-repository.ts'

const REPOSITORY = 'shop-db'
/** Long enough for a first start that was interrupted on a Friday. */
const KEY_LIVES_MS = 7 * 86_400_000
const FOLLOW_AGAIN_MS = 1_000
const FOLLOW_AGAIN_MOST_MS = 30_000

export interface DemoOptions {
  layout: Layout
  ports: { postgres: number; git: number }
  /** Superuser's URL of the `postgres` database. */
  superuserUrl: string
  gatewayUrl: string
  /** Whether to make what is missing; what was made earlier is served either way. */
  wanted: boolean
  /** The first account's, while nobody has seen it: only then a demo can be begun. */
  password: string | undefined
  say: (sentence: string) => void
}

/** What of the demo people and tests use. */
export interface DemoHandles {
  /** Working clone: `git push` works in it. */
  clone: string
  gitUrl: string
  /** URLs of the databases' owners. */
  databaseUrls: Record<Stage, string>
  /** Of the one run that the demo comes with. */
  firstRun: 'not started' | 'under way' | 'finished'
  /** Resolves when the first run is no longer followed: it has ended, or the stack stops. */
  settled: Promise<void>
}

/**
 * The demo's side of a start, step by step in the order of its methods. None of them throws: Sluice is as good without a
 * demo. What fails is said in a sentence and tried again at the next start.
 */
export class Demo {
  private readonly options: DemoOptions
  private state: DemoState
  private isBroken = false
  private gitHost: GitHost | undefined
  private client: ApiClient | undefined
  private following: Promise<void> = Promise.resolve()
  private readonly stopping = new AbortController()

  private constructor(options: DemoOptions, state: DemoState) {
    this.options = options
    this.state = state
  }

  /** The demo of this data folder; undefined where there is none and none is to be made. */
  static async open(options: DemoOptions): Promise<Demo | undefined> {
    const { layout, wanted, password } = options
    const stored = await readDemoState(layout)
    if (stored?.status === 'declined') return undefined
    if (stored !== undefined && stored.status !== 'making') return new Demo(options, stored)
    if (!wanted) return undefined
    if (password === undefined && stored?.apiKey === undefined) {
      options.say(
        'No demo here: it is made together with the first account. To see it: npm start -- --port 9443 --data-dir <new folder>',
      )
      await writeDemoState(layout, { v: 1, status: 'declined' })
      return undefined
    }
    const demo = new Demo(options, stored ?? newDemoState(options.ports))
    await demo.save({})
    return demo
  }

  /** Serves the repository. Needs the certificates. */
  async serve(): Promise<void> {
    const { layout, ports } = this.options
    await this.attempt(async () => {
      const { certFile, keyFile } = certificateFiles(layout, 'git', 'public')
      const [certificate, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')])
      if (this.isMaking) await makeBareRepository(this.bare)
      this.gitHost = await startGitHost({
        folder: this.bare,
        name: `${REPOSITORY}.git`,
        port: ports.git,
        certificate: { certificate, key },
        pushToken: this.state.pushToken,
      })
      if (this.isMaking) await makeClone(this.repository)
      if (this.state.ports.git !== ports.git) await moveClone(this.repository, urlAt(this.state.ports.git))
      if (this.isMaking) await this.save({ ports })
    })
  }

  /** Makes the databases. Needs Postgres. */
  async makeDatabases(): Promise<void> {
    if (this.isMaking) await this.attempt(() => makeDatabases(this.options.superuserUrl, this.state.passwords))
    else await this.attempt(() => this.tellOfPorts())
  }

  /** Makes connectors, schema, instances and pipeline. Needs every service. */
  async makeEntities(): Promise<void> {
    if (!this.isMaking) return
    await this.attempt(async () => {
      const client = await this.signIn()
      await makeEntities(client, {
        gitUrl: this.gitUrl,
        passwords: this.state.passwords,
        postgresPort: this.options.ports.postgres,
      })
      await this.save({ status: 'made' })
    })
  }

  /** Starts the first run where it is missing, and lets it go on by itself. Needs a delegate. */
  async startFirstRun(): Promise<void> {
    if (this.state.status !== 'made' || this.state.apiKey === undefined) return
    await this.attempt(async () => {
      const client = await this.signIn()
      const isLeft = this.state.executionId !== undefined
      if (!isLeft) await this.orGivenUp(() => this.startRun(client))
      if (this.state.executionId !== undefined) this.following = this.followRun(client, isLeft)
    })
  }

  /** Ends what waits for the run; the run goes on. */
  async stopFollowing(): Promise<void> {
    this.stopping.abort()
    await this.following
    this.client?.close()
  }

  async stopServing(): Promise<void> {
    await this.gitHost?.stop()
  }

  /** Undefined where the demo is not complete. */
  get handles(): DemoHandles | undefined {
    if (this.isMaking) return undefined
    const urlOf = (stage: Stage): string => {
      const { database, owner } = databaseOf(stage)
      return `postgresql://${owner}:${this.state.passwords[stage]}@127.0.0.1:${this.options.ports.postgres}/${database}`
    }
    const started = this.state.executionId === undefined ? 'not started' : 'under way'
    return {
      clone: this.repository.clone,
      gitUrl: this.gitUrl,
      databaseUrls: { staging: urlOf('staging'), production: urlOf('production') },
      firstRun: this.state.status === 'finished' ? 'finished' : started,
      settled: this.following,
    }
  }

  /** While the demo is not complete and has no key of its own to go on with. */
  get needsPassword(): boolean {
    return this.isMaking && this.state.apiKey === undefined
  }

  private get isMaking(): boolean {
    return this.state.status === 'making'
  }

  private get bare(): string {
    return join(this.options.layout.dataDirOf('git'), `${REPOSITORY}.git`)
  }

  private get gitUrl(): string {
    return urlAt(this.options.ports.git)
  }

  private get repository() {
    return {
      bare: this.bare,
      clone: join(this.options.layout.demo, REPOSITORY),
      url: this.gitUrl,
      pushToken: this.state.pushToken,
      caFile: this.options.layout.caFile,
    }
  }

  private async attempt(step: () => Promise<void>): Promise<void> {
    if (this.isBroken) return
    try {
      await step()
    } catch (error) {
      this.isBroken = true
      if (this.stopping.signal.aborted) return
      const reason = error instanceof Error ? error.message : String(error)
      this.options.say(`The demo is not complete; the next start tries again. ${reason}`)
    }
  }

  private async save(change: Partial<DemoState>): Promise<void> {
    this.state = { ...this.state, ...change }
    await writeDemoState(this.options.layout, this.state)
  }

  /** Acts as the first account by an API key, which a later start can go on with. */
  private async signIn(): Promise<ApiClient> {
    const { layout, gatewayUrl, password } = this.options
    if (this.client !== undefined) return this.client
    const caPem = await readFile(layout.caFile, 'utf8')
    const clientWith = (headers: Record<string, string>) =>
      createApiClient({ gatewayUrl, caPem, headers, signal: this.stopping.signal })
    if (this.state.apiKey === undefined) {
      const unknown = clientWith({})
      const session = await unknown.call(login, { body: { email: 'admin@localhost', password: password ?? '' } })
      unknown.close()
      const bearer = clientWith({ authorization: `Bearer ${session.token ?? ''}` })
      const made = await bearer.call(createApiKey, {
        body: { apiKey: { name: 'Demo of npm start', expiresAt: Date.now() + KEY_LIVES_MS } },
      })
      await this.save({ apiKey: { identifier: made.apiKey.identifier, value: made.value } })
      await bearer.call(logout, {})
      bearer.close()
    }
    this.client = clientWith({ 'x-api-key': this.state.apiKey?.value ?? '' })
    return this.client
  }

  private async startRun(client: ApiClient): Promise<void> {
    await this.save({ executionId: await startFirstRun(client) })
  }

  private async followRun(client: ApiClient, isLeft: boolean): Promise<void> {
    const { signal } = this.stopping
    for (let pauseMs = FOLLOW_AGAIN_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, FOLLOW_AGAIN_MOST_MS)) {
      try {
        await this.orGivenUp(() => this.awaitRun(client, isLeft))
        return
      } catch {
        // The gateway or the service went away, and comes back: the run is stored and goes on meanwhile.
        await delay(pauseMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  private async awaitRun(client: ApiClient, isLeft: boolean): Promise<void> {
    const { executionId = '' } = this.state
    let end = await followFirstRun(client, executionId)
    if (end.status !== 'Success' && isLeft) {
      // Cut off with an earlier start, and not by what it ran.
      await this.startRun(client)
      end = await followFirstRun(client, this.state.executionId ?? '')
    }
    await this.finish(client)
    this.options.say(
      end.status === 'Success'
        ? `The demo's first run has ended well: ${STAGES.join(' and ')} are up to date.`
        : `The demo's first run ended as "${end.status}"${end.reason === undefined ? '' : `: ${end.reason}`}. Its page shows why; run it again from there.`,
    )
  }

  /** Where people have taken the pipeline, the run or the key away, they don't want it: nothing is made again. */
  private async orGivenUp(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ApiFailure && [401, 403, 404].includes(error.status))) throw error
      await this.save({ status: 'finished', apiKey: undefined })
    }
  }

  private async finish(client: ApiClient): Promise<void> {
    const { apiKey } = this.state
    await this.save({ status: 'finished', apiKey: undefined })
    if (apiKey === undefined) return
    try {
      await client.call(revokeApiKey, { params: { identifier: apiKey.identifier } })
    } catch (error) {
      this.options.say(`The API key "Demo of npm start" could not be revoked; it expires by itself. ${String(error)}`)
    }
  }

  /** Connectors hold ports. Where others took those meanwhile, people are told; the clone was led along already. */
  private async tellOfPorts(): Promise<void> {
    const { ports } = this.options
    const former = this.state.ports
    if (former.git !== ports.git) {
      this.options.say(
        `Port ${former.git} is taken: the demo's repository is ${this.gitUrl} now. Say so in the connector "shop_git".`,
      )
    }
    if (former.postgres !== ports.postgres) {
      this.options.say(
        `Port ${former.postgres} is taken: the demo's databases are at localhost:${ports.postgres} now. Say so in the connectors "shop_staging_db" and "shop_production_db".`,
      )
    }
    if (former.git !== ports.git || former.postgres !== ports.postgres) await this.save({ ports })
  }
}

function urlAt(port: number): string {
  return `https://localhost:${port}/${REPOSITORY}.git`
}
