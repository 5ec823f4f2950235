import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installCommands, type InstallInput } from './install-commands.ts'

const INPUT: InstallInput = {
  token: 'dlt.acc-1.tok-1.seed_-',
  delegateName: 'stg-1',
  tags: ['stg', 'team:a'],
  serviceUrl: 'https://sluice.example',
  caCertificate: '-----BEGIN CERTIFICATE-----\nMIIB$(reboot)`x`\n-----END CERTIFICATE-----\n',
}
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-install-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a text as a shell does, with programs that only say how they were called. */
function runIn(text: string): string {
  const said = 'npx() { env | grep ^SLUICE_; echo "npx $*"; }; docker() { echo "docker $*"; }; '
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', said + text], { cwd: folder, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
}

test('the process gets its settings as environment, and the authority as a file', () => {
  const said = runIn(installCommands(INPUT).node)

  expect(said).toContain('npx node apps/delegate/src/main.ts')
  for (const line of [
    'SLUICE_DELEGATE_NAME=stg-1',
    'SLUICE_DELEGATE_TAGS=stg,team:a',
    `SLUICE_DELEGATE_TOKEN=${INPUT.token}`,
    'SLUICE_DELEGATE_SERVICE_URL=https://sluice.example',
    'SLUICE_CA_FILE=./sluice-ca.pem',
    'SLUICE_DATA_DIR=./stg-1-data',
    'SLUICE_HEALTH_PORT=0',
  ])
    expect(said.split('\n')).toContain(line)
  expect(readFileSync(join(folder, 'sluice-ca.pem'), 'utf8')).toBe(INPUT.caCertificate)
})

test('the container builds the image first, keeps its data in a volume and has a network of its own', () => {
  const said = runIn(installCommands(INPUT).docker).split('\n')

  expect(said[0]).toBe('docker build --file infra/docker/Dockerfile --target delegate --tag sluice/delegate:local .')
  expect(said[1]).toContain(`--env SLUICE_DELEGATE_TOKEN=${INPUT.token} `)
  expect(said[1]).toContain(
    '/sluice-ca.pem:/sluice/identity/ca.pem:ro --volume stg-1-data:/sluice/data sluice/delegate:local',
  )
  expect(said[1]).not.toContain('--network')
  expect(said[1]).not.toContain('IN_CONTAINER')
  expect(said[1]).not.toContain('HEALTH_PORT')
})

test('compose gets a file of its own; an address of this machine means the network of this machine', () => {
  const { compose, docker, notes } = installCommands({ ...INPUT, serviceUrl: 'https://localhost:8467' })

  expect(runIn(compose)).toBe('docker compose --file compose.delegate.yaml up --detach --build\n')
  const file = readFileSync(join(folder, 'compose.delegate.yaml'), 'utf8')
  expect(file).toContain('      SLUICE_DELEGATE_SERVICE_URL: "https://localhost:8467"\n')
  expect(file).toContain('    network_mode: host\n')
  expect(file).toContain('      SLUICE_DELEGATE_IN_CONTAINER: "0"\n')
  expect(docker).toContain('--network host')
  expect(docker).toContain('--env SLUICE_DELEGATE_IN_CONTAINER=0')
  for (const text of [docker, file]) expect(text).not.toContain('host.docker.internal')
  expect(notes.join(' ')).toContain('https://localhost:8467 is an address of this machine')
})

test('a container with a network of its own knows the name of its machine that messages advise', () => {
  const { compose, docker, notes } = installCommands(INPUT)

  expect(runIn(docker)).toContain('--add-host host.docker.internal:host-gateway ')
  runIn(compose)
  expect(readFileSync(join(folder, 'compose.delegate.yaml'), 'utf8')).toContain(
    '    extra_hosts: ["host.docker.internal:host-gateway"]\n',
  )
  expect(notes.join(' ')).toContain('log-service (port 8466')
})

test('a placeholder and an authority that everybody trusts need no file', () => {
  const { docker, node } = installCommands({ ...INPUT, token: '<token>', caCertificate: undefined })

  expect(runIn(node)).toContain('SLUICE_DELEGATE_TOKEN=<token>\n')
  expect(node).not.toContain('CA_FILE')
  // The image names a file that is not there then.
  expect(runIn(docker)).toContain('--env SLUICE_CA_FILE= ')
})

test('the places in the image are those of its Dockerfile', () => {
  const file = readFileSync(new URL('../../../../../infra/docker/Dockerfile', import.meta.url), 'utf8')

  expect(file).toContain('SLUICE_CA_FILE=/sluice/identity/ca.pem ')
  expect(file).toContain('SLUICE_DATA_DIR=/sluice/data ')
  expect(file).toMatch(/^FROM \S+ AS delegate$/m)
})
