export * as liteEngine from './gen/lite_engine/v1/lite_engine.ts'
export * as step from './gen/step/v1/step.ts'
