import { EDGES, SERVICE_NAMES, type Edge } from '@sluice/contracts/network'
import { expect, test } from 'vitest'
import { composeFile } from '../scripts/compose-file.ts'
import { listensOn, networksOf } from '../scripts/networks.ts'

const edges: readonly Edge[] = EDGES
const callers = [...SERVICE_NAMES, 'delegate']
const networks = networksOf()

function hasEdge(from: string, to: string): boolean {
  // The row of the blob store: live lines go to log-service in any case.
  const row = from === 'delegate' && to === 'log-service' ? 'blob-store' : to
  return edges.some((edge) => edge.from === from && edge.to === row)
}

test('a network joins two of the table only where they have an edge', () => {
  for (const { name, members } of networks) {
    const known = members.filter((member) => callers.includes(member))
    const pairs = known.flatMap((from) => known.filter((to) => to !== from).map((to) => [from, to] as const))
    for (const [from, to] of pairs) expect(hasEdge(from, to) || hasEdge(to, from), `${name}: ${from}, ${to}`).toBe(true)
  }
})

test('every edge between containers has a network of its own', () => {
  for (const from of callers) {
    for (const to of SERVICE_NAMES.filter((name) => hasEdge(from, name)))
      expect(networks.filter(({ name }) => name === `${from}--${to}`)).toMatchObject([
        { internal: true, members: [from, to] },
      ])
  }
})

test('subnets are /28 and part from each other, and addresses lie within', () => {
  const subnets = networks.map(({ subnet }) => subnet)
  expect(new Set(subnets).size).toBe(networks.length)
  for (const { subnet, addresses } of networks) {
    const [, block, first] = /^(\d+)\.(\d+)\/28$/.exec(subnet) ?? []
    expect(Number(first) % 16).toBe(0)
    for (const address of Object.values(addresses)) {
      const [ownBlock, last] = address.split('.')
      expect(ownBlock).toBe(block)
      expect(Number(last) - Number(first)).toBeGreaterThanOrEqual(2)
      expect(Number(last) - Number(first)).toBeLessThan(15)
    }
  }
})

test('a service listens on the networks of edges that lead to it, and on no other', () => {
  for (const service of SERVICE_NAMES) {
    const found = [listensOn(service, 'service'), listensOn(service, 'public')].filter((one) => one !== undefined)
    const leadingTo = networks.filter(({ name }) => name.endsWith(`--${service}`))
    expect(found.map(({ name }) => name).toSorted(), service).toEqual(leadingTo.map(({ name }) => name).toSorted())
  }
})

test('the file holds no password and no volume of one service in another', () => {
  const { services } = composeFile() as { services: Record<string, { volumes?: string[] }> }
  expect(JSON.stringify(services)).not.toMatch(/PASSWORD"|:\/\/[^/"]+:[^/"$]+@/)
  for (const service of callers) {
    const foreign = (services[service]?.volumes ?? []).filter(
      (volume) => volume.includes('-identity:') && !volume.startsWith(`${service}-identity:`),
    )
    expect(foreign, service).toEqual([])
    expect(services[service]?.volumes?.join(' ')).not.toMatch(/authority|stores/)
  }
})
