import { EDGES, SERVICE_NAMES, type Edge, type ServiceName } from '@sluice/contracts/network'

/** Containers that the network table speaks of. The pods of this delegate are processes in its own container. */
export const MEMBERS = [...SERVICE_NAMES, 'delegate'] as const
export type Member = (typeof MEMBERS)[number]

export interface Network {
  name: string
  /** Why it is there, for the reader of the file. */
  reason: string
  /** Whether it leads nowhere but to its members. */
  internal: boolean
  /** The last two numbers of the first address and the length: `112.16/28`. The first two are the installation's choice. */
  subnet: string
  /** Last two numbers of the members that listen or call on a fixed address. */
  addresses: Partial<Record<Member, string>>
  members: readonly (Member | 'postgres' | 'redis' | 'setup')[]
}

/** Third number of the first network's address. */
const FIRST_BLOCK = 112
const PER_BLOCK = 16

const edges: readonly Edge[] = EDGES

interface Wanted extends Omit<Network, 'subnet' | 'addresses'> {
  /** Members in the order of their fixed addresses; without it Docker chooses. */
  fixed?: readonly Member[]
}

/**
 * Every network of an installation, from the network table: one per edge, one per service for its stores, one per row of
 * egress that the product uses. No network joins two services that have no edge.
 */
export function networksOf(): Network[] {
  const wanted = [...unique(edges.flatMap(networkOfEdge)), ...SERVICE_NAMES.map(storesOf), ...OTHERS]
  return wanted.map(({ fixed, ...network }, index) => {
    const block = FIRST_BLOCK + Math.floor(index / PER_BLOCK)
    const first = (index % PER_BLOCK) * 16
    return {
      ...network,
      subnet: `${block}.${first}/28`,
      // The first one is the bridge's own.
      addresses: Object.fromEntries((fixed ?? []).map((member, place) => [member, `${block}.${first + 2 + place}`])),
    }
  })
}

/** The network on which `member` takes connections of its edge, or of its public one. */
export function listensOn(member: Member, from: 'service' | 'public'): Network | undefined {
  return networksOf().find(({ name, addresses }) => {
    if (addresses[member] === undefined) return false
    const [, to] = name.split('--')
    const isPublic = name.startsWith('ui--') || name.startsWith('delegate--')
    return to === member && isPublic === (from === 'public')
  })
}

const OTHERS: readonly Wanted[] = [
  {
    name: 'data-setup',
    reason: 'the one-shot job that makes roles, schemas and Redis users',
    internal: true,
    members: ['setup', 'postgres', 'redis'],
  },
  {
    name: 'egress-scm-service',
    reason: 'scm-service to git hosts that the control plane reaches',
    internal: false,
    members: ['scm-service'],
  },
]

function networkOfEdge(edge: Edge): Wanted[] {
  const { from, to } = edge
  if (from === 'ui' && isMember(to))
    return [
      {
        name: `ui--${to}`,
        reason: 'the published port; git hosts send webhooks here too',
        internal: false,
        members: [to],
        fixed: [to],
      },
    ]
  if (isMember(from) && isMember(to)) return [between(from, to)]
  if (to === 'blob-store') return [between('delegate', 'log-service')]
  if (to === 'git' || to === 'target-database')
    return [
      {
        name: 'customer',
        reason: 'the delegate and its pods to target databases and git hosts',
        internal: false,
        members: ['delegate'],
      },
    ]
  // The delegate, its lite engines and their steps talk to each other within one container.
  if (to === 'lite-engine' || to === 'step-container') return []
  throw new Error(`No network is known for the edge ${from} → ${to}.`)
}

function between(from: Member, to: Member): Wanted {
  return {
    name: `${from}--${to}`,
    reason: `${from} calls ${to}`,
    internal: true,
    members: [from, to],
    fixed: [from, to],
  }
}

function storesOf(service: ServiceName): Wanted {
  return {
    name: `data-${service}`,
    reason: `${service} to its stores`,
    internal: true,
    members: service === 'gateway' ? [service, 'redis'] : [service, 'postgres', 'redis'],
  }
}

function isMember(name: string): name is Member {
  return MEMBERS.some((member) => member === name)
}

function unique(networks: readonly Wanted[]): Wanted[] {
  return networks.filter(({ name }, index) => networks.findIndex((other) => other.name === name) === index)
}
