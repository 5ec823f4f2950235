import type { ConnectionPhase } from '@sluice/contracts/tasks'
import type { ReactNode } from 'react'
import { durationText, Duration } from '../design/time.tsx'
import { StatusMark } from '../design/status-mark.tsx'
import type { StatusLook } from '../design/status.ts'
import classes from './connection-phases.module.css'
import {
  type CheckStatus,
  type PhaseName,
  type PhaseRow,
  phaseRows,
  type PhaseState,
  withReason,
} from './phase-rows.ts'

interface ConnectionPhasesProps {
  /** Phases in the order they come; those told are marked, the rest waits. */
  expected: readonly PhaseName[]
  status: CheckStatus
  phases: readonly ConnectionPhase[]
  delegateName?: string
  /** While no delegate has it: why. */
  waitingFor?: string
  /** Epoch ms. */
  startedAt?: number
  finishedAt?: number
  error?: { code: string; message: string }
  /** Said below while nobody has started it. */
  idleNote?: ReactNode
}

const WORDS: Record<PhaseName, { title: string; hint: string }> = {
  dns: {
    title: 'Find the host',
    hint: 'The delegate asks the name service of its own machine. Check the spelling, or write a full host name.',
  },
  tcp: {
    title: 'Connect',
    hint: 'The host was found, its port was not. Check the port, and whether a firewall stands between the delegate and the host.',
  },
  tls: {
    title: 'Encrypt',
    hint: 'Check that the server speaks TLS, and that its certificate is one the delegate trusts.',
  },
  login: {
    title: 'Log in',
    hint: 'The server was reached. Check user name, password and database name, and whether the server lets the user in from the delegate.',
  },
  privileges: {
    title: 'Read privileges',
    hint: 'The login works, its rights do not suffice. Grant what the sentence names, then test again.',
  },
  git: {
    title: 'Read the repository',
    hint: 'Check the address, and that the token may read this repository and has not expired.',
  },
  changelog: { title: 'Read the changelog', hint: 'Check branch and path of the changelog.' },
  history: { title: "Read the database's history", hint: 'The user needs to read the history table.' },
  baseline: { title: 'Write the history', hint: 'The user needs to write the history table.' },
}

const LOOKS: Record<PhaseState, StatusLook> = {
  passed: { label: 'Passed', tone: 'success', shape: 'check' },
  failed: { label: 'Failed', tone: 'failure', shape: 'cross' },
  running: { label: 'Running', tone: 'running', shape: 'spinner' },
  waiting: { label: 'Not yet', tone: 'idle', shape: 'dash' },
  notReached: { label: 'Not reached', tone: 'idle', shape: 'dash' },
}

/** A check of a connection, phase by phase: marks, sentences, durations, which delegate, and what to try after a failure. */
export function ConnectionPhases(props: ConnectionPhasesProps) {
  const { expected, phases, status, error } = props
  const rows = withReason(phaseRows(expected, phases, status), error?.message)
  const isToldByPhase = rows.some((row) => row.state === 'failed' && row.message === error?.message)
  return (
    <div className={classes.frame}>
      <ol className={classes.list} aria-label="Phases of the connection test">
        {rows.map((row) => (
          <PhaseItem key={row.phase} row={row} hasHint={!isToldByPhase} />
        ))}
      </ol>
      {error === undefined || isToldByPhase ? null : (
        <div className={classes.error} role="alert">
          <strong>{error.message}</strong>
          <code>{error.code}</code>
        </div>
      )}
      <div className={classes.foot} aria-live="polite">
        <Verdict {...props} />
      </div>
    </div>
  )
}

function PhaseItem({ row, hasHint }: { row: PhaseRow; hasHint: boolean }) {
  const { title, hint } = WORDS[row.phase]
  return (
    <li className={classes.item} data-state={row.state}>
      <StatusMark look={LOOKS[row.state]} size={20} />
      <div className={classes.words}>
        <div className={classes.title}>{title}</div>
        {row.message === undefined ? null : (
          <div className={classes.message} role={row.state === 'failed' ? 'alert' : undefined}>
            {row.message}
          </div>
        )}
        {row.state === 'failed' && hasHint ? <div className={classes.hint}>{hint}</div> : null}
      </div>
      <div className={classes.duration}>{row.durationMs === undefined ? '' : durationText(row.durationMs)}</div>
    </li>
  )
}

function Verdict({ status, delegateName, waitingFor, startedAt, finishedAt, idleNote }: ConnectionPhasesProps) {
  const by = delegateName === undefined ? null : <> by delegate {<strong>{delegateName}</strong>}</>
  const time = startedAt === undefined ? null : <Duration startedAt={startedAt} endedAt={finishedAt} />
  switch (status) {
    case 'IDLE':
      return <span>{idleNote ?? 'Not tested yet.'}</span>
    case 'RUNNING':
      return (
        <>
          <span>
            {delegateName === undefined ? (waitingFor ?? 'Waiting for a delegate to take it.') : <>Running{by}</>}
          </span>
          {time}
        </>
      )
    case 'SUCCESS':
      return (
        <>
          <span>Works, tried{by}</span>
          {time}
        </>
      )
    case 'FAILURE':
      return (
        <>
          <span>Does not work, tried{by}</span>
          {time}
        </>
      )
  }
}
