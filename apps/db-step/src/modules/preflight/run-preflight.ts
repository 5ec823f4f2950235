import { AppError } from '@sluice/contracts/errors'
import type { DatabaseTarget } from '@sluice/contracts/tasks'
import { readPrivileges, type ConnectPhase, type Driver, type Privileges } from '@sluice/drivers'
import { addConnectPhase } from '../step/phases.ts'
import type { StepContext } from '../step/step-context.ts'
import { openTarget } from './open-target.ts'

/** Unit Preflight: reaches the target phase by phase and finds out what the account may do, before anything is changed. */
export function runPreflight(target: DatabaseTarget, need: 'read' | 'write', context: StepContext): Promise<Driver> {
  const { reporter } = context
  return reporter.unit('Preflight', async () => {
    const onPhase = (phase: ConnectPhase): void => {
      addConnectPhase(context, phase)
      const text = `${phase.name.padEnd(10)} ${phase.ok ? 'ok    ' : 'failed'} ${String(phase.ms).padStart(7)} ms  ${phase.sentence}`
      reporter.line(phase.ok ? 'info' : 'error', text)
    }
    const { driver, jdbc } = await openTarget(target, context, onPhase)
    try {
      for (const notice of jdbc.notices) reporter.line('warn', notice)
      driver.onNotice((message) => reporter.line('info', `database: ${message}`))
      const privileges = await readPrivileges(driver, { onPhase, signal: context.signal })
      if (need === 'write') requireWrite(privileges)
      return driver
    } catch (error) {
      await driver.close()
      throw error
    }
  })
}

function requireWrite(privileges: Privileges): void {
  const refuse = (reason: string): AppError =>
    new AppError('DATABASE_PRIVILEGE_MISSING', `Nothing was run: ${reason}`, {
      details: { user: privileges.user, schema: privileges.schema },
    })
  if (privileges.inRecovery)
    throw refuse('the server is a replica and takes no changes. Point the connector at the primary.')
  if (privileges.readOnly) {
    throw refuse(
      `every transaction of the account "${privileges.user}" is read-only. Use an account that may change the database for apply.`,
    )
  }
  if (privileges.schema === null) {
    throw refuse('the search path names no schema that exists. Name an existing schema in the DB instance.')
  }
  if (!privileges.historyTable.exists && !privileges.canCreateInSchema) {
    throw refuse(
      `the account "${privileges.user}" may not create tables in the schema "${privileges.schema}". Grant it CREATE on the schema, or use another account for apply.`,
    )
  }
  if (privileges.historyTable.exists && !(privileges.historyTable.canRead && privileges.historyTable.canWrite)) {
    throw refuse(
      `the account "${privileges.user}" may not write the history table databasechangelog. Grant it SELECT, INSERT, UPDATE and DELETE on it, or use another account for apply.`,
    )
  }
  if (privileges.lockTable.exists && !(privileges.lockTable.canRead && privileges.lockTable.canWrite)) {
    throw refuse(
      `the account "${privileges.user}" may not write the lock table databasechangeloglock. Grant it SELECT, INSERT, UPDATE and DELETE on it, or use another account for apply.`,
    )
  }
}
