// npm start: installs what is missing, then runs the devstack on the Node that npm installed.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { node, prepare, repository } from './prepare.mjs'

const args = process.argv.slice(2)
await prepare({ yes: args.includes('--yes') || Boolean(process.env.CI) })

// The channel tells the devstack when this process is gone, however it went; then it ends everything it started.
const devstack = spawn(node, [join(repository, 'apps', 'devstack', 'src', 'main.ts'), ...args], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
// Ctrl-C reaches the devstack from the terminal; the rest is handed on. Either way its end is waited for.
process.on('SIGINT', () => devstack.kill('SIGINT'))
process.on('SIGTERM', () => devstack.kill('SIGTERM'))
process.on('SIGHUP', () => devstack.kill('SIGHUP'))
devstack.on('error', (error) => {
  process.stderr.write(`\nThe devstack could not be run: ${error.message}\n`)
  process.exitCode = 1
})
devstack.on('exit', (code) => {
  process.exitCode = code ?? 1
})
