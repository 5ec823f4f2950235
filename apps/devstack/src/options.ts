import { parseArgs } from 'node:util'
import { UserError } from './user-error.ts'

export interface Options {
  /** Where people reach Sluice: the gateway. */
  port: number
  dataDir: string | undefined
  withDelegate: boolean
  /** A shop with two databases, a repository and a pipeline. */
  withDemo: boolean
}

const HELP = `npm start [-- options]
  --port <number>      listen on https://localhost:<number> instead of 8443
  --data-dir <folder>  keep everything there instead of .sluice/ (also: SLUICE_DATA_DIR)
  --no-demo            start without the demo: a shop's two databases, repository and pipeline
  --no-delegate        start without the local delegate
  --yes                install what is missing without asking
`

/**
 * Reads the command line and the environment.
 * @throws UserError for anything it doesn't know
 */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | { help: string } {
  const values = parse(args)
  if (values.help) return { help: HELP }
  const port = Number(values.port ?? 8443)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UserError(`"${values.port}" is not a port. Give a number between 1 and 65535: npm start -- --port 9443`)
  }
  return {
    port,
    dataDir: values['data-dir'] ?? env['SLUICE_DATA_DIR'],
    withDelegate: values['no-delegate'] !== true,
    withDemo: values['no-demo'] !== true,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        'no-demo': { type: 'boolean' },
        'no-delegate': { type: 'boolean' },
        // Answered by scripts/start.mjs, which hands all of its arguments on.
        yes: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new UserError(`${cause instanceof Error ? cause.message : String(cause)}\n\n${HELP}`, { cause })
  }
}
