export * from './envelope.ts'
export * from './local-key-file.ts'
export * from './masking.ts'
export * from './sealing.ts'
