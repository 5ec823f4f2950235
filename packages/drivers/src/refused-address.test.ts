import { expect, test } from 'vitest'
import { connect } from './connect.ts'
import type { ConnectPhase } from './connect-phase.ts'
import { readJdbcUrl } from './jdbc/read-jdbc-url.ts'
import { isRefusedAddress } from './refused-address.ts'

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  '100.100.100.200',
])('%s is refused', (address) => {
  expect(isRefusedAddress(address)).toBe(true)
})

test.each(['127.0.0.1', '10.0.0.5', '169.253.255.255', '192.168.1.1', '::1', 'fd00::254', 'fec0::1', '2001:db8::1'])(
  '%s is a target like any other',
  (address) => {
    expect(isRefusedAddress(address)).toBe(false)
  },
)

test.each(['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]'])(
  'no connection is tried to %s, and the sentence says why',
  async (host) => {
    const phases: ConnectPhase[] = []
    const connecting = connect(readJdbcUrl(`jdbc:postgresql://${host}:5432/orders`), {
      user: 'deployer',
      password: '',
      applicationName: 'test',
      signal: AbortSignal.timeout(5_000),
      onPhase: (phase) => phases.push(phase),
    })

    await expect(connecting).rejects.toMatchObject({ code: 'URL_REFUSED', reason: 'ADDRESS_REFUSED' })
    expect(phases.map(({ name, ok }) => [name, ok])).toEqual([['dns', false]])
    expect(phases[0]?.sentence).toMatch(/link-local or metadata address/)
  },
)
