import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface CommandOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Milliseconds. */
  timeout?: number
}

/** Runs a program to its end. @throws Error with what it printed */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  try {
    const { stdout } = await execute(program, [...args], {
      timeout: 120_000,
      maxBuffer: 64 * 1024 * 1024,
      ...options,
      env: { ...process.env, ...options.env },
    })
    return stdout
  } catch (cause) {
    const { stdout, stderr } = Object(cause) as { stdout?: string; stderr?: string }
    const said = `${stdout ?? ''}${stderr ?? ''}`.slice(-4_000)
    throw new Error(`${program} ${args.slice(0, 6).join(' ')} failed: ${said || String(cause)}`, { cause })
  }
}

export const docker = (...args: string[]): Promise<string> => run('docker', args)

/** Runs a program with this text as its input; what it printed, however it ended. */
export function runWithInput(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    child.once('error', reject)
    child.once('close', () => resolve(output))
    child.stdin.end(input)
  })
}

/** `docker compose` where the plugin is there, else the older program of its own. */
export async function findCompose(): Promise<{ program: string; args: string[] }> {
  const plugin = await run('docker', ['compose', 'version']).then(
    (text) => text.includes('Compose'),
    () => false,
  )
  return plugin ? { program: 'docker', args: ['compose'] } : { program: 'docker-compose', args: [] }
}
