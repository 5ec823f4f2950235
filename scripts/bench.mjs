// npm run bench: installs what is missing, then runs one benchmark on the Node that npm installed.
import { spawn } from 'node:child_process'
import { dirname, delimiter, join } from 'node:path'
import { node, prepare, repository } from './prepare.mjs'

const args = process.argv.slice(2)
await prepare({ yes: args.includes('--yes') || Boolean(process.env.CI) })

const bench = spawn(node, [join(repository, 'bench', 'src', 'main.ts'), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
})
// Ctrl-C reaches it from the terminal; it is waited for, because it ends what it started.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => bench.kill('SIGTERM'))
bench.on('exit', (code) => {
  process.exitCode = code ?? 1
})
