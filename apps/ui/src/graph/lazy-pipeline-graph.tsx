import { lazy, Suspense } from 'react'
import { LoadingRows } from '../design/states.tsx'
import type { PipelineGraphProps } from './pipeline-graph.tsx'

const PipelineGraph = lazy(() => import('./pipeline-graph.tsx').then((module) => ({ default: module.PipelineGraph })))

/** {@link PipelineGraph} without its weight: the drawing library comes when it is first shown. Fills its parent. */
export function LazyPipelineGraph(props: PipelineGraphProps) {
  return (
    <Suspense fallback={<LoadingRows rows={4} />}>
      <PipelineGraph {...props} />
    </Suspense>
  )
}
