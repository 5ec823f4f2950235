import { pino } from 'pino'
import { runProgram } from '@sluice/pod/program'
import { startLiteEngine } from './app.ts'

const logger = pino({ name: 'lite-engine' }, pino.destination({ fd: 2, sync: true }))

// While the process waits for its identity it loads what a Setup needs.
setImmediate(() => {
  import('./modules/log/log-client.ts').catch((error: unknown) => logger.error({ err: error }, 'no log client'))
})

await runProgram((identity) =>
  startLiteEngine(identity, {
    spoolFolder: process.env['HOME'] ?? identity.workspace,
    logger,
    exit: () => process.kill(process.pid, 'SIGTERM'),
  }),
)
