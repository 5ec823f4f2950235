import { SERVICE_NAMES, SERVICES } from '@sluice/contracts/network'
import { freePorts, whyTaken } from '@sluice/local-servers'
import { UserError } from '../user-error.ts'
import { findListener } from './find-listener.ts'

/** Every listener of the stack and the port it would like to have; undefined: any. */
function wishes(): Map<string, number | undefined> {
  const wanted = new Map<string, number | undefined>([
    ['postgres', undefined],
    ['redis', undefined],
    ['delegate health', 9468],
    ['git', 8460],
  ])
  for (const service of SERVICE_NAMES) {
    const { port, healthPort, publicPort } = SERVICES[service]
    if (service !== 'gateway') wanted.set(service, port)
    wanted.set(`${service} health`, healthPort)
    if (publicPort !== undefined) wanted.set(`${service} public`, publicPort)
  }
  return wanted
}

/**
 * A port per listener: the one of the last start when it is free, else the usual one, else any. Only the gateway's is
 * promised to people, so only that one is insisted on.
 * @throws UserError when the gateway's port is taken, naming by whom where that can be seen
 */
export async function choosePorts(
  gatewayPort: number | 'any',
  remembered: Record<string, number>,
): Promise<Record<string, number>> {
  const ports: Record<string, number> = {}
  const used = new Set<number>()
  const take = (listener: string, port: number) => {
    ports[listener] = port
    used.add(port)
  }
  if (gatewayPort !== 'any') {
    const reason = await whyTaken(gatewayPort)
    if (reason !== undefined) throw await explain(gatewayPort, reason)
    take('gateway', gatewayPort)
    for (const [listener, usual] of wishes()) {
      const wish = [remembered[listener], usual].find((port) => port !== undefined && !used.has(port))
      if (wish !== undefined && (await whyTaken(wish)) === undefined) take(listener, wish)
    }
  }
  const missing = ['gateway', ...wishes().keys()].filter((listener) => ports[listener] === undefined)
  const free = (await freePorts(missing.length + used.size)).filter((port) => !used.has(port))
  for (const listener of missing) take(listener, free.shift() ?? 0)
  return ports
}

async function explain(port: number, reason: string): Promise<UserError> {
  const other = `Choose another port: npm start -- --port ${port + 1000 > 65_535 ? 9443 : port + 1000}`
  if (reason === 'EACCES')
    return new UserError(`You may not listen on port ${port}: ports below 1024 are the administrator's. ${other}`)
  if (reason !== 'EADDRINUSE') return new UserError(`Port ${port} can't be listened on (${reason}). ${other}`)
  const holder = await findListener(port)
  return new UserError(
    `Port ${port} is taken${holder === undefined ? '' : ` by process ${holder.pid} (${holder.command})`}. ${other}`,
  )
}
