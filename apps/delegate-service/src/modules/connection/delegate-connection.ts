import { newId } from '@sluice/contracts/ids'
import { isAppError } from '@sluice/contracts/errors'
import {
  decodeDelegateFrame,
  encodeServerFrame,
  newNonce,
  nextServerDeadline,
  openServerConnection,
  ResultAssembler,
  stepServer,
  type HelloBody,
  type ServerEffect,
  type ServerEvent,
  type ServerState,
} from '@sluice/delegate-protocol'
import { EDGE_FROM, EDGE_TO, inSpan } from '@sluice/service-kit/tracing'
import type { WebSocket } from 'ws'
import type { Deps } from '../../deps.ts'
import { admitDelegate } from '../delegate/admit-delegate.ts'
import { announceDelegate } from '../delegate/announce-delegate.ts'
import { openSecrets } from '../secret/open-secrets.ts'
import { assignQueued } from '../task/assign-task.ts'
import { applyTaskEvent, closeWithResult } from '../task/end-task.ts'
import { grantTask } from '../task/grant-task.ts'
import { ProgressRelay } from '../task/progress-relay.ts'
import { toOffer } from '../task/submit-task.ts'
import { submissionOf } from '../task/task-store.ts'
import type { HubConnection, ReplicaNotice } from './connection-hub.ts'

/** Frames that wait to be sent; a delegate that reads slower than this is closed and reconnects. */
const SEND_BUFFER_BYTES_MAX = 16 * 1_048_576

/** `secret.open` requests of one connection in a minute; a task needs a handful. */
const SECRET_REQUESTS_PER_MINUTE = 600

/** Drives the pure server side of the protocol over one WebSocket. Events are applied one after the other. */
export class DelegateConnection implements HubConnection {
  readonly connectionId = newId('con')
  readonly closed: Promise<void>
  readonly #deps: Deps
  readonly #socket: WebSocket
  readonly #assembler = new ResultAssembler()
  readonly #progress: ProgressRelay
  #state: ServerState
  #hello: HelloBody | undefined
  #tokenId = ''
  #timer: NodeJS.Timeout | undefined
  #frames = 0
  #secretWindow = { startedAt: 0, requests: 0 }
  /** Presence is written in order: a late "connected" must not overwrite a "disconnected". */
  #presence: Promise<void> = Promise.resolve()
  #resolveClosed: () => void = () => undefined

  constructor(deps: Deps, socket: WebSocket) {
    this.#deps = deps
    this.#progress = new ProgressRelay(deps)
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    const options = { connectionId: this.connectionId, nonce: newNonce(), timing: deps.timing.protocol }
    const opened = openServerConnection(options, deps.now())
    this.#state = opened.state
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const decoded = decodeDelegateFrame(isBinary ? new Uint8Array(data) : data.toString('utf8'))
      this.#apply(decoded.ok ? { type: 'frame', frame: decoded.frame } : { type: 'badFrame', problem: decoded.problem })
    })
    socket.on('close', (code: number, reason: Buffer) =>
      this.#apply({ type: 'socketClosed', code, reason: reason.toString('utf8') }),
    )
    socket.on('error', (error: Error) => deps.logger.debug({ err: error, connectionId: this.connectionId }, 'socket'))
    this.#carryOut(opened.effects)
    this.#arm()
  }

  get accountId(): string {
    return this.#hello?.accountId ?? ''
  }

  get delegateId(): string {
    return this.#hello?.delegateId ?? ''
  }

  get tokenId(): string {
    return this.#tokenId
  }

  get isOpen(): boolean {
    return this.#state.phase.name === 'ready'
  }

  notice(notice: ReplicaNotice): void {
    switch (notice.type) {
      case 'offer':
        this.#background('offer', this.#offer(notice.taskId, notice.offerId))
        return
      case 'cancel':
        this.#apply({ type: 'cancelTask', taskId: notice.taskId, reason: notice.reason })
        return
      case 'supersede':
        if (notice.connectionId === this.connectionId)
          this.#apply({ type: 'supersede', reason: 'a newer connection of this delegate' })
    }
  }

  revoke(reason: string): void {
    this.#apply({ type: 'revoke', reason })
  }

  drain(reason: string, graceMs: number): void {
    // First, so that no task is offered here while the delegate moves.
    this.#background('presence', this.#mark({ connected: false }))
    this.#apply({ type: 'drain', mode: 'reconnect', reason, graceMs })
  }

  #apply(event: ServerEvent): void {
    const step = stepServer(this.#state, event, { now: this.#deps.now() })
    this.#state = step.state
    this.#carryOut(step.effects)
    this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const deadline = nextServerDeadline(this.#state)
    if (deadline === undefined) return
    this.#timer = setTimeout(() => this.#apply({ type: 'tick' }), Math.max(1, deadline - this.#deps.now()))
    this.#timer.unref()
  }

  #background(what: string, work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#deps.logger.error(
        { err: error, what, delegateId: this.delegateId, connectionId: this.connectionId },
        'delegate connection',
      ),
    )
  }

  #carryOut(effects: readonly ServerEffect[]): void {
    for (const effect of effects) this.#carryOutOne(effect)
  }

  #carryOutOne(effect: ServerEffect): void {
    const { accountId, delegateId } = this
    switch (effect.type) {
      case 'send':
        this.#frames += 1
        this.#socket.send(encodeServerFrame(effect.message, String(this.#frames)))
        if (this.#socket.bufferedAmount > SEND_BUFFER_BYTES_MAX) this.#socket.terminate()
        return
      case 'close':
        this.#socket.close(effect.code, effect.reason.slice(0, 120))
        return
      case 'verifyHello':
        this.#hello = effect.hello
        this.#background('hello', this.#verifyHello(effect.hello, effect.nonce))
        return
      case 'connected':
        this.#deps.hub.add(this)
        this.#deps.logger.info({ delegateId, accountId, connectionId: this.connectionId }, 'delegate connected')
        this.#background('assign', this.#takeWork())
        return
      case 'grantTask':
        this.#background('grant', this.#grant(effect))
        return
      case 'offerEnded':
        this.#background('offer ended', this.#offerEnded(effect))
        return
      case 'releaseGrant':
        this.#background('release', this.#move(effect.taskId, { type: 'release', offerId: effect.offerId }))
        return
      case 'extendLeases':
        this.#background('leases', this.#extendLeases(effect.taskIds, effect.leaseUntil))
        return
      case 'loseTask':
        this.#background(
          'lose',
          this.#move(effect.taskId, { type: 'lose', offerId: effect.offerId, message: effect.message }),
        )
        return
      case 'taskProgress':
        this.#progress.add(accountId, effect.taskId, effect.events)
        return
      case 'receiveChunk':
        this.#assembler.push(effect.chunk)
        return
      case 'receiveResult':
        this.#progress.drop(effect.body.taskId)
        this.#background('result', this.#receiveResult(effect.body))
        return
      case 'openSecrets':
        this.#background('secrets', this.#openSecrets(effect))
        return
      case 'delegateDraining':
        this.#background('draining', this.#mark({ draining: true }))
        return
      case 'disconnected':
        clearTimeout(this.#timer)
        this.#progress.close()
        this.#deps.hub.remove(this)
        this.#background('disconnected', this.#disconnected(effect.reason))
        this.#resolveClosed()
        return
      case 'log':
        this.#deps.logger[effect.level](
          { ...effect.fields, delegateId, connectionId: this.connectionId },
          effect.message,
        )
    }
  }

  async #verifyHello(hello: HelloBody, nonce: string): Promise<void> {
    const admission = await admitDelegate(this.#deps, { hello, nonce, connectionId: this.connectionId })
    if (!admission.admitted) {
      this.#apply({ type: 'helloRefused', close: admission.close, message: admission.message })
      return
    }
    this.#tokenId = admission.tokenId
    this.#apply({ type: 'helloVerified', held: admission.held })
  }

  /** What waits for a delegate is looked at again at once; what this one declined before, it may take now. */
  async #takeWork(): Promise<void> {
    const { accountId, delegateId } = this
    await this.#mark({ connected: true })
    await this.#deps.prisma.$executeRaw`
      update task set rejections = rejections - ${delegateId}
       where account_id = ${accountId} and closed_at is null and state = 'queued' and jsonb_exists(rejections, ${delegateId})`
    await assignQueued(this.#deps, accountId)
  }

  async #offer(taskId: string, offerId: string): Promise<void> {
    const { accountId } = this
    const task = await this.#deps.prisma.task.findUnique({ where: { accountId_id: { accountId, id: taskId } } })
    if (task === null || task.state !== 'offered' || task.offerId !== offerId) return
    this.#apply({ type: 'offer', task: toOffer(submissionOf(task)), offerId })
  }

  async #grant(effect: Extract<ServerEffect, { type: 'grantTask' }>): Promise<void> {
    const { taskId, offerId, journalId, leaseUntil } = effect
    let granted = false
    try {
      granted = await grantTask(this.#deps, {
        accountId: this.accountId,
        delegateId: this.delegateId,
        connectionId: this.connectionId,
        taskId,
        offerId,
        journalId,
        leaseUntil,
      })
    } finally {
      this.#apply({ type: 'grantDecided', taskId, offerId, granted })
    }
  }

  async #offerEnded(effect: Extract<ServerEffect, { type: 'offerEnded' }>): Promise<void> {
    const { accountId, delegateId } = this
    // Noted first, so that the new search passes this delegate over.
    if (effect.outcome === 'disconnected') await this.#mark({ connected: false })
    if (effect.outcome === 'rejected' || effect.outcome === 'timedOut') {
      const reason = effect.outcome === 'timedOut' ? 'it did not answer in time' : effect.reason.replaceAll('\0', '')
      await this.#deps.prisma.$executeRaw`
        update task set rejections = rejections || jsonb_build_object(${delegateId}::text, ${reason}::text)
         where account_id = ${accountId} and id = ${effect.taskId} and offer_id = ${effect.offerId}`
    }
    await this.#move(effect.taskId, { type: 'endOffer', offerId: effect.offerId })
  }

  async #move(taskId: string, event: Parameters<typeof applyTaskEvent>[3]): Promise<void> {
    await applyTaskEvent(this.#deps, this.accountId, taskId, event)
  }

  async #extendLeases(taskIds: readonly string[], leaseUntil: number): Promise<void> {
    const { accountId, delegateId } = this
    // Hot path: one statement for all; the same as `nextTask` "extend".
    const rows = await this.#deps.prisma.$queryRaw<{ id: string; cancel_reason: string | null }[]>`
      update task set state = 'running', lease_until = ${new Date(leaseUntil)}, version = version + 1
       where account_id = ${accountId} and delegate_id = ${delegateId} and id = any(${[...taskIds]})
         and state in ('granted', 'running')
      returning id, cancel_reason`
    const extended = new Map(rows.map((row) => [row.id, row.cancel_reason]))
    for (const taskId of taskIds) {
      const reason = extended.has(taskId) ? extended.get(taskId) : 'the control plane closed this task already'
      // Said again for as long as it runs: the notice of a cancellation may have been lost. Once is enough for a delegate.
      if (typeof reason === 'string') this.#apply({ type: 'cancelTask', taskId, reason })
    }
  }

  async #receiveResult(body: Extract<ServerEffect, { type: 'receiveResult' }>['body']): Promise<void> {
    const { taskId } = body
    const assembled = this.#assembler.finish(body)
    if (!assembled.ok) {
      this.#apply({ type: 'resultNotClosed', taskId, code: 'result.invalid', message: assembled.message })
      return
    }
    try {
      const task = await this.#deps.prisma.task.findUnique({
        where: { accountId_id: { accountId: this.accountId, id: taskId } },
      })
      const traceparent = task === null ? undefined : submissionOf(task).traceparent
      const disposition = await inSpan(
        'task.result',
        { traceparent, kind: 'consumer', attributes: { [EDGE_FROM]: 'delegate', [EDGE_TO]: 'delegate-service' } },
        () => closeWithResult(this.#deps, this.accountId, this.delegateId, assembled.result),
      )
      this.#apply({ type: 'resultClosed', taskId, disposition })
    } catch (error) {
      this.#deps.logger.error({ err: error, taskId }, 'result not stored; the delegate sends it again')
      this.#apply({
        type: 'resultNotClosed',
        taskId,
        code: 'result.not-stored',
        message: 'the result could not be stored; send it again',
      })
    }
  }

  async #openSecrets(effect: Extract<ServerEffect, { type: 'openSecrets' }>): Promise<void> {
    const { requestId, taskId, secrets } = effect
    const now = this.#deps.now()
    if (now - this.#secretWindow.startedAt > 60_000) this.#secretWindow = { startedAt: now, requests: 0 }
    this.#secretWindow.requests += 1
    if (this.#secretWindow.requests > SECRET_REQUESTS_PER_MINUTE) {
      this.#apply({ type: 'secretsRefused', requestId, taskId, message: 'too many secrets asked for in a minute' })
      return
    }
    try {
      const opened = await openSecrets(this.#deps, {
        accountId: this.accountId,
        delegateId: this.delegateId,
        taskId,
        secrets,
      })
      this.#apply({ type: 'secretsOpened', requestId, taskId, secrets: opened })
    } catch (error) {
      this.#deps.logger.warn({ err: error, taskId }, 'secrets not opened')
      const message = isAppError(error)
        ? error.message
        : 'the secrets could not be opened; the log of delegate-service says why'
      this.#apply({ type: 'secretsRefused', requestId, taskId, message })
    }
  }

  /** Writes the delegate's row as long as this is its current connection. */
  #mark(data: { draining?: boolean; connected?: boolean }): Promise<void> {
    const { accountId, delegateId, connectionId } = this
    const write = async (): Promise<void> => {
      const { count } = await this.#deps.prisma.delegate.updateMany({
        where: { accountId, id: delegateId, connectionId },
        data,
      })
      if (count > 0) this.#background('announce', announceDelegate(this.#deps, accountId, delegateId))
    }
    // One that failed is made up for by the replica's periodic look at its sockets.
    this.#presence = this.#presence.then(write, write)
    return this.#presence
  }

  async #disconnected(reason: string): Promise<void> {
    if (this.#tokenId === '') return
    this.#deps.logger.info(
      { delegateId: this.delegateId, reason, connectionId: this.connectionId },
      'delegate disconnected',
    )
    await this.#mark({ connected: false })
  }
}
