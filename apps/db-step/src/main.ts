import { pino } from 'pino'
import { runProgram } from '@sluice/pod/program'
import { startDbStep } from './app.ts'

const logger = pino({ name: 'db-step' }, pino.destination({ fd: 2, sync: true }))
const gitCaFile = process.env['SLUICE_GIT_CA_FILE']

// While the process waits for its identity it loads what every operation needs.
setImmediate(() => {
  import('./operations/run-operation.ts').catch((error: unknown) =>
    logger.error({ err: error }, 'the operations could not be loaded'),
  )
})

await runProgram((identity) => startDbStep(identity, { logger, ...(gitCaFile ? { gitCaFile } : {}) }))
