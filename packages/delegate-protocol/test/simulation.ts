import { decodeDelegateFrame, decodeServerFrame, encodeDelegateFrame, encodeServerFrame } from '../src/codec.ts'
import {
  nextDelegateDeadline,
  startDelegate,
  stepDelegate,
  type DelegateEffect,
  type DelegateEvent,
  type DelegateState,
} from '../src/delegate-machine.ts'
import type { OfferedTask, TaskResult } from '../src/frames.ts'
import { ResultAssembler, resultMessages } from '../src/results.ts'
import {
  nextServerDeadline,
  openServerConnection,
  stepServer,
  type ServerEffect,
  type ServerEvent,
  type ServerState,
} from '../src/server-machine.ts'
import {
  isTaskFinal,
  isTaskHeld,
  nextTask,
  resultDisposition,
  type TaskClosing,
  type TaskEvent,
  type TaskRow,
} from '../src/task-lifecycle.ts'

/**
 * One delegate and one control plane in virtual time, with a link that can be cut, go silent, and delay. Both sides
 * run the real machines and the real codec; what the apps do around them is the least that the specification asks for.
 */

export interface Chaos {
  /** Chance that a database write of the server fails. */
  databaseFailure: number
  /** Chance that a connection attempt fails. */
  connectFailure: number
}

interface Link {
  socket: number
  connection: Connection
  /** Frames still pass. False once cut or silent. */
  passing: boolean
  toServerAt: number
  toDelegateAt: number
}

interface Connection {
  id: string
  state: ServerState
  link: Link | undefined
  assembler: ResultAssembler
  alive: boolean
  tickAt: number
}

/** The delegate's disk: it survives a kill -9. */
interface Disk {
  journalId: string
  grants: Map<string, { offerId: string }>
  results: Map<string, { offerId: string; result: TaskResult }>
}

export class Simulation {
  now = 1_000_000
  readonly rows = new Map<string, TaskRow>()
  /** How each task was told to its submitter: exactly one entry each, in the end. */
  readonly told = new Map<string, TaskClosing[]>()
  /** Starts of each task on the delegate. */
  readonly starts = new Map<string, number>()
  readonly problems: string[] = []
  readonly outputs = new Map<string, unknown>()
  delegate: DelegateState | undefined
  disk: Disk = { journalId: 'journal-1', grants: new Map(), results: new Map() }
  stopped: string | undefined
  /** Told of every frame, so that a test can strike at any moment. */
  onFrame: ((kind: string, moment: 'sent' | 'delivered') => void) | undefined

  readonly #random: () => number
  readonly #chaos: Chaos
  readonly #tasks = new Map<string, OfferedTask>()
  readonly #queue: { at: number; order: number; run: () => void }[] = []
  #order = 0
  #epoch = 0
  #connections = 0
  #offers = 0
  #journals = 1
  #current: Connection | undefined
  #link: Link | undefined
  #delegateTickAt = Number.POSITIVE_INFINITY

  constructor(random: () => number, chaos: Chaos) {
    this.#random = random
    this.#chaos = chaos
    this.after(1_000, () => this.#sweep())
  }

  /** Runs what is due within `ms` of virtual time. */
  run(ms: number): void {
    const end = this.now + ms
    for (let steps = 0; ; steps += 1) {
      if (steps > 2_000_000) throw new Error('the simulation does not come to rest')
      let first = 0
      for (let index = 1; index < this.#queue.length; index += 1) {
        const one = this.#queue[index]
        const best = this.#queue[first]
        if (one && best && (one.at < best.at || (one.at === best.at && one.order < best.order))) first = index
      }
      const entry = this.#queue[first]
      if (entry === undefined || entry.at > end) break
      this.#queue.splice(first, 1)
      this.now = Math.max(this.now, entry.at)
      entry.run()
    }
    this.now = end
  }

  after(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: (this.#order += 1), run })
  }

  submit(task: OfferedTask): void {
    this.#tasks.set(task.taskId, task)
    this.rows.set(task.taskId, { taskId: task.taskId, state: 'queued', version: 1, queuedUntil: this.now + 3_600_000 })
  }

  cancel(taskId: string): void {
    this.#move(taskId, { type: 'cancel', reason: 'a person asked' })
  }

  // ---- the delegate -------------------------------------------------------------------------------------------

  startDelegate(): void {
    if (this.delegate !== undefined) return
    this.#epoch += 1
    this.stopped = undefined
    const granted = [...this.disk.grants].map(([taskId, { offerId }]) => ({
      taskId,
      offerId,
      state: 'granted' as const,
    }))
    const results = [...this.disk.results].map(([taskId, { offerId }]) => ({
      taskId,
      offerId,
      state: 'result' as const,
    }))
    this.delegate = startDelegate(
      {
        accountId: 'acc-1',
        delegateId: 'dlg-1',
        delegateVersion: '0.0.0',
        journalId: this.disk.journalId,
        capabilities: ['task:pod.execute'],
        capacity: 4,
      },
      [...granted, ...results],
    )
    this.tell({ type: 'start' })
  }

  /** kill -9. The link breaks; the disk stays unless `loseDisk`. */
  crashDelegate(loseDisk = false): void {
    this.#epoch += 1
    this.delegate = undefined
    this.#delegateTickAt = Number.POSITIVE_INFINITY
    if (loseDisk) {
      this.disk = { journalId: `journal-${(this.#journals += 1)}`, grants: new Map(), results: new Map() }
    }
    this.cut()
  }

  tell(event: DelegateEvent): void {
    if (this.delegate === undefined) return
    const { state, effects } = stepDelegate(this.delegate, event, { now: this.now, random: this.#random() })
    this.delegate = state
    for (const effect of effects) this.#carryOut(effect)
    const at = nextDelegateDeadline(this.delegate) ?? Number.POSITIVE_INFINITY
    if (at !== this.#delegateTickAt && at !== Number.POSITIVE_INFINITY) {
      const epoch = this.#epoch
      this.after(Math.max(0, at - this.now), () => {
        if (epoch === this.#epoch && this.#delegateTickAt === at) {
          this.#delegateTickAt = Number.POSITIVE_INFINITY
          this.tell({ type: 'tick' })
        }
      })
    }
    this.#delegateTickAt = at
  }

  /** Answers of the delegate's own asynchronous work; lost in a crash. */
  #later(ms: number, run: () => void): void {
    const epoch = this.#epoch
    this.after(Math.ceil(this.#random() * ms), () => {
      if (epoch === this.#epoch) run()
    })
  }

  #carryOut(effect: DelegateEffect): void {
    switch (effect.type) {
      case 'connect':
        return this.#later(200, () => this.#connect(effect.socket))
      case 'closeSocket':
        return this.#closeFromDelegate(effect.socket, effect.code, effect.reason)
      case 'send':
        return this.#sendToServer(effect.socket, encodeDelegateFrame(effect.message, 'd'), effect.message.kind)
      case 'signHello':
        return this.#later(20, () => this.tell({ type: 'helloSigned', socket: effect.socket, token: 'jwt' }))
      case 'decideOffer': {
        const { taskId } = effect.task
        return this.#later(3_000 * this.#random(), () =>
          this.tell({ type: 'offerDecided', taskId, offerId: effect.offerId }),
        )
      }
      case 'persistGrant': {
        const { taskId } = effect.task
        return this.#later(50, () => {
          this.disk.grants.set(taskId, { offerId: effect.offerId })
          this.tell({ type: 'grantPersisted', taskId })
        })
      }
      case 'runTask': {
        const { taskId } = effect.task
        this.starts.set(taskId, (this.starts.get(taskId) ?? 0) + 1)
        return this.#later(20_000, () => this.#finish(taskId, 'succeeded'))
      }
      case 'resumeTask':
        return this.#later(1_000, () => this.#finish(effect.taskId, 'failed'))
      case 'cancelTask':
        return this.#later(500, () => this.#finish(effect.taskId, 'cancelled'))
      case 'skipTask':
        return this.#later(50, () => this.#finish(effect.taskId, effect.status))
      case 'sendResult': {
        const stored = this.disk.results.get(effect.taskId)
        if (stored === undefined) {
          this.problems.push(`result of ${effect.taskId} is not on disk`)
          return
        }
        for (const message of resultMessages(stored.result)) {
          this.#sendToServer(effect.socket, encodeDelegateFrame(message, 'd'), message.kind)
        }
        return
      }
      case 'forgetTask':
        this.disk.results.delete(effect.taskId)
        return
      case 'stopped':
        this.stopped = effect.reason
        return
      case 'secretsOpened':
      case 'secretsRefused':
      case 'log':
        return
    }
  }

  #finish(taskId: string, status: TaskResult['status']): void {
    const offerId = this.disk.grants.get(taskId)?.offerId
    if (offerId === undefined) return
    const output = this.outputs.get(taskId)
    const result: TaskResult = { taskId, status, output, startedAt: this.now, endedAt: this.now }
    this.disk.grants.delete(taskId)
    this.disk.results.set(taskId, { offerId, result })
    this.tell({ type: 'taskFinished', taskId })
  }

  // ---- the link -----------------------------------------------------------------------------------------------

  /** Breaks the connection: frames under way are lost, and each side notices in its own time. */
  cut(): void {
    const link = this.#link
    if (link === undefined) return
    this.#link = undefined
    link.passing = false
    this.#later(2_000, () => this.tell({ type: 'socketClosed', socket: link.socket, code: 1006, reason: '' }))
    this.after(this.#random() * 2_000, () => this.#end(link.connection))
  }

  /** Half-open: nothing passes any more and nobody is told. */
  silence(): void {
    if (this.#link !== undefined) this.#link.passing = false
  }

  /** kill -9 of the replica that holds the socket: its machine is gone, the rows stay. */
  crashReplica(): void {
    const connection = this.#link?.connection
    if (connection === undefined) return
    connection.alive = false
    this.cut()
  }

  #connect(socket: number): void {
    if (this.#random() < this.#chaos.connectFailure) {
      return this.tell({ type: 'socketFailed', socket, message: 'connection refused' })
    }
    const id = `con-${(this.#connections += 1)}`
    const opened = openServerConnection({ connectionId: id, nonce: 'nonce-0123456789abcdef' }, this.now)
    const connection: Connection = {
      id,
      state: opened.state,
      link: undefined,
      assembler: new ResultAssembler(),
      alive: true,
      tickAt: Number.POSITIVE_INFINITY,
    }
    const link: Link = { socket, connection, passing: true, toServerAt: this.now, toDelegateAt: this.now }
    connection.link = link
    this.#link = link
    this.tell({ type: 'socketOpened', socket })
    for (const effect of opened.effects) this.#perform(connection, effect)
    this.#scheduleServerTick(connection)
  }

  #sendToServer(socket: number, text: string, kind: string): void {
    const link = this.#link
    if (link?.socket !== socket || !link.passing) return
    link.toServerAt = Math.max(link.toServerAt, this.now + Math.ceil(this.#random() * 100))
    this.onFrame?.(kind, 'sent')
    this.after(link.toServerAt - this.now, () => {
      if (!link.passing) return
      const decoded = decodeDelegateFrame(text)
      if (decoded.ok) {
        this.#deliver(link.connection, { type: 'frame', frame: decoded.frame })
        return this.onFrame?.(kind, 'delivered')
      }
      this.problems.push(decoded.problem.message)
    })
  }

  #sendToDelegate(link: Link, text: string, kind: string): void {
    if (!link.passing) return
    link.toDelegateAt = Math.max(link.toDelegateAt, this.now + Math.ceil(this.#random() * 100))
    this.onFrame?.(kind, 'sent')
    this.after(link.toDelegateAt - this.now, () => {
      if (!link.passing) return
      const decoded = decodeServerFrame(text)
      if (decoded.ok) {
        this.tell({ type: 'frame', socket: link.socket, frame: decoded.frame })
        return this.onFrame?.(kind, 'delivered')
      }
      this.problems.push(decoded.problem.message)
    })
  }

  #closeFromDelegate(socket: number, code: number, reason: string): void {
    const link = this.#link
    if (link?.socket !== socket) return
    this.#link = undefined
    this.after(Math.max(0, link.toServerAt - this.now) + 1, () => {
      const { passing } = link
      link.passing = false
      if (passing) this.#deliver(link.connection, { type: 'socketClosed', code, reason })
    })
  }

  // ---- the control plane --------------------------------------------------------------------------------------

  #end(connection: Connection): void {
    this.#deliver(connection, { type: 'socketClosed', code: 1006, reason: '' })
  }

  #deliver(connection: Connection, event: ServerEvent): void {
    if (!connection.alive) return
    const { state, effects } = stepServer(connection.state, event, { now: this.now })
    connection.state = state
    for (const effect of effects) this.#perform(connection, effect)
    this.#scheduleServerTick(connection)
  }

  #scheduleServerTick(connection: Connection): void {
    const at = nextServerDeadline(connection.state) ?? Number.POSITIVE_INFINITY
    if (at === connection.tickAt || at === Number.POSITIVE_INFINITY) return
    connection.tickAt = at
    this.after(Math.max(0, at - this.now), () => {
      if (connection.tickAt !== at) return
      connection.tickAt = Number.POSITIVE_INFINITY
      this.#deliver(connection, { type: 'tick' })
    })
  }

  #perform(connection: Connection, effect: ServerEffect): void {
    const database = (run: () => void) => this.after(Math.ceil(this.#random() * 100), run)
    switch (effect.type) {
      case 'send':
        if (connection.link)
          this.#sendToDelegate(connection.link, encodeServerFrame(effect.message, 's'), effect.message.kind)
        return
      case 'close': {
        const { link } = connection
        if (link === undefined || !link.passing) return
        this.after(Math.max(0, link.toDelegateAt - this.now) + 1, () => {
          if (!link.passing) return
          link.passing = false
          if (this.#link === link) this.#link = undefined
          this.tell({ type: 'socketClosed', socket: link.socket, code: effect.code, reason: effect.reason })
        })
        return
      }
      case 'verifyHello':
        return database(() => {
          const older = this.#current
          this.#current = connection
          if (older !== undefined && older !== connection) {
            this.after(this.#random() * 500, () =>
              this.#deliver(older, { type: 'supersede', reason: 'newer connection' }),
            )
          }
          const held = [...this.rows.values()]
            .filter((row) => isTaskHeld(row.state))
            .map(({ taskId, offerId = '', journalId = '', state, cancelReason }) => ({
              taskId,
              offerId,
              journalId,
              state: state === 'running' ? ('running' as const) : ('granted' as const),
              cancelReason,
            }))
          this.after(Math.ceil(this.#random() * 50), () => this.#deliver(connection, { type: 'helloVerified', held }))
        })
      case 'grantTask':
        return database(() => {
          const { taskId, offerId, journalId, leaseUntil } = effect
          const failed = this.#random() < this.#chaos.databaseFailure
          const event: TaskEvent = { type: 'grant', offerId, delegateId: 'dlg-1', journalId, leaseUntil }
          const granted = !failed && this.#current === connection && this.#move(taskId, event)
          this.after(Math.ceil(this.#random() * 50), () =>
            this.#deliver(connection, { type: 'grantDecided', taskId, offerId, granted }),
          )
        })
      case 'offerEnded':
        return database(() => void this.#move(effect.taskId, { type: 'endOffer', offerId: effect.offerId }))
      case 'releaseGrant':
        return database(() => void this.#move(effect.taskId, { type: 'release', offerId: effect.offerId }))
      case 'loseTask': {
        const { taskId, offerId, message } = effect
        return database(() => void this.#move(taskId, { type: 'lose', offerId, message }))
      }
      case 'extendLeases':
        return database(() => {
          for (const taskId of effect.taskIds) {
            const event: TaskEvent = { type: 'extend', delegateId: 'dlg-1', leaseUntil: effect.leaseUntil }
            if (!this.#move(taskId, event)) {
              this.#deliver(connection, { type: 'cancelTask', taskId, reason: 'no longer assigned' })
            }
          }
        })
      case 'receiveChunk':
        return connection.assembler.push(effect.chunk)
      case 'receiveResult': {
        const assembled = connection.assembler.finish(effect.body)
        const { taskId } = effect.body
        return database(() => {
          if (!assembled.ok || this.#random() < this.#chaos.databaseFailure) {
            const message = assembled.ok ? 'the database is away' : assembled.message
            return this.#deliver(connection, { type: 'resultNotClosed', taskId, code: 'result.not-stored', message })
          }
          const disposition = resultDisposition(this.rows.get(taskId), 'dlg-1')
          this.#move(taskId, { type: 'result', delegateId: 'dlg-1', status: assembled.result.status })
          this.#deliver(connection, { type: 'resultClosed', taskId, disposition })
        })
      }
      case 'disconnected':
        if (this.#current === connection) this.#current = undefined
        return
      case 'openSecrets':
      case 'connected':
      case 'taskProgress':
      case 'delegateDraining':
      case 'log':
        return
    }
  }

  /** Compare-and-set of one row, with what follows in the same transaction. */
  #move(taskId: string, event: TaskEvent): boolean {
    const row = this.rows.get(taskId)
    if (row === undefined) return false
    const next = nextTask(row, event)
    if (!next.ok) return false
    this.rows.set(taskId, next.row)
    for (const effect of next.effects) {
      if (effect.type === 'closed') this.told.set(taskId, [...(this.told.get(taskId) ?? []), effect.as])
      if (effect.type === 'tellHolder' && this.#current !== undefined) {
        this.#deliver(this.#current, { type: 'cancelTask', taskId, reason: effect.reason })
      }
    }
    return true
  }

  /** Once a second: offers what waits, expires what is over, and takes back offers of replicas that died. */
  #sweep(): void {
    for (const row of this.rows.values()) {
      if (isTaskFinal(row.state)) continue
      this.#move(row.taskId, { type: 'expire', now: this.now })
      const orphaned = row.state === 'offered' && !this.#current?.state.offers.has(row.taskId)
      if (orphaned && row.offerId !== undefined) this.#orphan(row.taskId, row.offerId)
      const task = this.#tasks.get(row.taskId)
      const connection = this.#current
      if (row.state === 'queued' && task && connection?.alive && connection.state.phase.name === 'ready') {
        const offerId = `msg-${(this.#offers += 1)}`
        if (this.#move(row.taskId, { type: 'offer', offerId, delegateId: 'dlg-1' })) {
          this.#deliver(connection, { type: 'offer', task, offerId })
        }
      }
    }
    this.after(1_000, () => this.#sweep())
  }

  /** An offer that no connection knows for 15 s (longer than accept and grant take) was lost with its replica. */
  #orphan(taskId: string, offerId: string): void {
    this.after(15_000, () => void this.#move(taskId, { type: 'endOffer', offerId }))
  }
}
