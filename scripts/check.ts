// npm run check: every gate, in parallel where they allow it. No gate has warnings; the first that fails prints why.
import { spawn } from 'node:child_process'

interface Gate {
  name: string
  command: string
  args: readonly string[]
}

const GATES: readonly Gate[] = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: 'turbo', args: ['run', 'typecheck', '--output-logs=errors-only', '--no-update-notifier'] },
  { name: 'boundaries', command: 'turbo', args: ['boundaries', '--no-update-notifier'] },
  { name: 'unused', command: 'knip', args: ['--no-config-hints'] },
  { name: 'proto', command: 'npm', args: ['run', '--silent', 'lint', '-w', '@sluice/proto'] },
  { name: 'generated', command: 'npm', args: ['run', '--silent', 'gen', '--', '--check'] },
]

/** Two cores: two gates at a time. */
const LANES = 2

function run(gate: Gate): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(gate.command, gate.args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (chunk: Buffer): void => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

const waiting = [...GATES]
let failures = 0
async function lane(): Promise<void> {
  for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
    const startedAt = Date.now()
    const { ok, output } = await run(gate)
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${gate.name} (${seconds} s)\n`)
    if (ok) continue
    failures += 1
    process.stdout.write(`${output}\n`)
  }
}
await Promise.all(Array.from({ length: LANES }, lane))
process.exitCode = failures > 0 ? 1 : 0
