export { cutLine } from './cut-line.ts'
export { ProcessIdentity, ProcessReport } from './process-identity.ts'
export { runProgram, type RunningProgram } from './run-program.ts'
export { inEdgeSpan, type TraceEdge } from './trace.ts'
