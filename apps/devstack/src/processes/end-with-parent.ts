// Loaded into every process of the stack: when the devstack is gone, however it went, the process ends as on SIGTERM.
const STOP_WITHIN_MS = 12_000

process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_WITHIN_MS).unref()
})
// The listener alone would keep a process alive that has nothing left to do.
process.channel?.unref()
