import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What the figures of this run hang on; the load says whether the machine was busy with something else before. */
export function describeMachine(): Record<string, string | number> {
  return {
    date: new Date().toISOString().slice(0, 16),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    load_before: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}
