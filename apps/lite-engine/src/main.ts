import { pino } from 'pino'
import { runProgram } from '@sluice/pod/program'
import { startLiteEngine } from './app.ts'

const logger = pino({ name: 'lite-engine' }, pino.destination({ fd: 2, sync: true }))

await runProgram((identity) =>
  startLiteEngine(identity, {
    spoolFolder: process.env['HOME'] ?? identity.workspace,
    logger,
    exit: () => process.kill(process.pid, 'SIGTERM'),
  }),
)
